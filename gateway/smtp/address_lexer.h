#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The words of structured fields (RFC 5322 3.2, RFC 6532: bytes beyond ASCII are letters).
namespace postern::smtp {

enum class TokenKind : std::uint8_t {
    atom,
    quoted,  // text is what stands between the quotes, backslashes still in it
    literal, // text with its square brackets
    special, // one of . , : ; @ < >
    end,
    bad, // what no word can begin with, or something unclosed
};

struct Token {
    TokenKind kind = TokenKind::end;
    std::string_view text;

    [[nodiscard]] bool is(char special) const {
        return kind == TokenKind::special && text.front() == special;
    }
};

// Cuts an unfolded value into tokens; blanks and comments fall between them. Borrows the text.
class AddressLexer {
public:
    explicit AddressLexer(std::string_view text) : rest_(text) {}
    [[nodiscard]] Token next();

private:
    [[nodiscard]] Token enclosed(TokenKind kind, char close);

    std::string_view rest_;
};

[[nodiscard]] bool is_atom_byte(char byte); // RFC 5322 3.2.3 atext, and everything beyond ASCII
[[nodiscard]] bool is_host_byte(char byte); // what a domain may have in its labels

// Drops blanks and comments at the start of `text`; false when a comment does not end.
[[nodiscard]] bool skip_blanks_and_comments(std::string_view& text);

// Without backslashes.
[[nodiscard]] std::string unquoted(std::string_view text);

} // namespace postern::smtp
