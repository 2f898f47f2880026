#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace postern::smtp {

// RFC 5321 4.5.3.1.1 promises 64 bytes of local part and asks for no limit where none is needed.
// Return addresses that encode a recipient are longer than that every day, so we take what fits the
// line.
inline constexpr std::size_t local_part_bytes_max = 255;
inline constexpr std::size_t domain_bytes_max = 255; // RFC 5321 4.5.3.1.2

// The address of MAIL or RCPT (RFC 5321 4.1.2, RFC 6531): a mailbox, the null sender `<>`, or
// `<Postmaster>` without a domain. A value; source routes are dropped while reading.
class Path {
public:
    Path() = default; // the null path

    [[nodiscard]] bool is_null() const { return address_.empty(); }
    // As it is written between the brackets: user@example.com, "a b"@example.com, postmaster, or
    // "".
    [[nodiscard]] std::string_view address() const { return address_; }
    // The local part as written, with its quotes.
    [[nodiscard]] std::string_view local() const;
    // What the local part means: without quotes and backslashes.
    [[nodiscard]] std::string local_value() const;
    // "" for the null path and a postmaster without domain; [192.0.2.1] for an address literal.
    [[nodiscard]] std::string_view domain() const;
    [[nodiscard]] bool is_address_literal() const { return domain().starts_with('['); }
    // Has bytes beyond ASCII: can only be said to a peer with SMTPUTF8.
    [[nodiscard]] bool needs_smtputf8() const { return needs_smtputf8_; }

    bool operator==(const Path&) const = default;

private:
    friend class PathReader;

    std::string address_;
    std::size_t domain_at_ = std::string::npos; // where the domain begins in address_
    bool needs_smtputf8_ = false;
};

enum class PathKind : std::uint8_t {
    reverse, // MAIL FROM: `<>` allowed
    forward, // RCPT TO: `<Postmaster>` allowed
};
enum class Utf8 : std::uint8_t { refused, allowed };

enum class PathError : std::uint8_t {
    syntax,
    too_long,   // local part, domain or whole path over its limit
    needs_utf8, // beyond ASCII where that is not allowed
};

struct PathRead {
    Path path;
    std::string_view rest; // what stands behind it
};

// Reads the path at the start of `text`. The brackets may be missing around a plain mailbox, which
// then ends at the first space: old clients do that, and it cannot be misread.
[[nodiscard]] std::expected<PathRead, PathError>
read_path(std::string_view text, PathKind kind, Utf8 utf8);

// A domain name as SMTP allows it (underscores too), without a trailing dot.
[[nodiscard]] bool is_domain(std::string_view text, Utf8 utf8);
// [192.0.2.1], [IPv6:2001:db8::1] or [tag:text] (RFC 5321 4.1.3).
[[nodiscard]] bool is_address_literal(std::string_view text);

} // namespace postern::smtp
