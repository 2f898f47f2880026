#include "gateway/smtp/address_lexer.h"

#include <algorithm>
#include <array>

namespace postern::smtp {

namespace {

constexpr std::size_t comment_depth_max = 100;

constexpr std::array<bool, 256> table_of(std::string_view symbols) {
    std::array<bool, 256> table{};
    for (unsigned byte = 0; byte < table.size(); ++byte) {
        const bool digit = byte >= '0' && byte <= '9';
        const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        const char symbol = static_cast<char>(byte);
        table[byte] =
            digit || letter || byte >= 0x80 || symbols.find(symbol) != std::string_view::npos;
    }
    return table;
}

constexpr auto atom_bytes = table_of("!#$%&'*+-/=?^_`{|}~");
constexpr auto host_bytes = table_of("-_");

// Bytes of the comment at the start of `text`; 0: it does not end, or nests too deep.
std::size_t comment_length(std::string_view text) {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '(' && ++depth > comment_depth_max)
            return 0;
        else if (text[i] == ')' && --depth == 0)
            return i + 1;
    }
    return 0;
}

} // namespace

bool is_atom_byte(char byte) { return atom_bytes[static_cast<unsigned char>(byte)]; }
bool is_host_byte(char byte) { return host_bytes[static_cast<unsigned char>(byte)]; }

bool skip_blanks_and_comments(std::string_view& text) {
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
        if (!text.starts_with('(')) return true;
        const std::size_t length = comment_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
}

std::string unquoted(std::string_view text) {
    std::string value;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        value += text[i];
    }
    return value;
}

Token AddressLexer::next() {
    constexpr std::string_view specials = ".,:;@<>";
    if (!skip_blanks_and_comments(rest_)) return {.kind = TokenKind::bad, .text = {}};
    if (rest_.empty()) return {.kind = TokenKind::end, .text = {}};
    const char first = rest_.front();
    if (is_atom_byte(first)) {
        const auto* const end = std::ranges::find_if_not(rest_, is_atom_byte);
        const std::string_view atom(rest_.begin(), end);
        rest_.remove_prefix(atom.size());
        return {.kind = TokenKind::atom, .text = atom};
    }
    if (first == '"') return enclosed(TokenKind::quoted, '"');
    if (first == '[') return enclosed(TokenKind::literal, ']');
    if (specials.find(first) == std::string_view::npos) return {.kind = TokenKind::bad, .text = {}};
    const Token token{.kind = TokenKind::special, .text = rest_.substr(0, 1)};
    rest_.remove_prefix(1);
    return token;
}

Token AddressLexer::enclosed(TokenKind kind, char close) {
    for (std::size_t i = 1; i < rest_.size(); ++i) {
        if (rest_[i] == '\\') {
            ++i;
            continue;
        }
        if (rest_[i] != close) continue;
        const bool with_brackets = kind == TokenKind::literal;
        const Token token{.kind = kind,
                          .text = with_brackets ? rest_.substr(0, i + 1) : rest_.substr(1, i - 1)};
        rest_.remove_prefix(i + 1);
        return token;
    }
    return {.kind = TokenKind::bad, .text = {}};
}

} // namespace postern::smtp
