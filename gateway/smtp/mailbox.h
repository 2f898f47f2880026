#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Who a message says it is from: every mailbox in its From fields (RFC 5322 3.4, 4.4, RFC 6532).
namespace postern::smtp {

// user@example.com as the field means it: quotes, comments and blanks gone from the local part and
// the domain, nothing decoded, case kept.
class Mailbox {
public:
    Mailbox(std::string_view local, std::string_view domain);

    [[nodiscard]] std::string_view local() const { return std::string_view(text_).substr(0, at_); }
    [[nodiscard]] std::string_view domain() const {
        return std::string_view(text_).substr(at_ + 1);
    }
    [[nodiscard]] std::string_view text() const { return text_; } // local@domain
    bool operator==(const Mailbox&) const = default;

private:
    std::string text_;
    std::size_t at_;
};

inline constexpr std::size_t mailboxes_max = 1000;

struct Mailboxes {
    std::vector<Mailbox> all;
    // Some field broke the grammar. Then `all` holds everything in it that a reader could take for
    // an address, also from quoted strings and comments: a listed sender is never hidden by bad
    // syntax.
    bool broken = false;
    // There were more than mailboxes_max; the others are not in `all`. Such a message must be
    // refused, or a listed sender could hide behind a thousand others.
    bool too_many = false;
};

// `from_fields` are values of From fields, unfolded: HeaderSection::from_fields().
[[nodiscard]] Mailboxes mailboxes_of(std::span<const std::string> from_fields);

} // namespace postern::smtp
