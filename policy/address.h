#pragma once

#include "policy/domain.h"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace postern::policy {

/// RFC 5321 4.5.3.1.1 promises 64 bytes; senders that encode a recipient in it need more every day.
inline constexpr std::size_t local_part_bytes_max = 255;

/// A mailbox in canonical form, one string `local@domain`: domain as `canonical_domain` has it,
/// local part without its quotes and in lower case, because lists compare it so. It is for looking
/// things up; what is passed on in mail is the text that came in. The domain never contains an `@`,
/// the local part may.
class Address {
public:
    /// An empty one: the null sender. It is on no list and nobody's.
    Address() = default;

    /// Strictly, from `user@example.com` in a file or a command.
    [[nodiscard]] static std::expected<Address, AddressError> parse(std::string_view text);

    /// From a mailbox of a message or an envelope, split already; the local part with or without
    /// its quotes. Never fails, so that nobody slips past a list by an odd spelling: a label that
    /// IDNA refuses is kept as it is, and what stands right of it still counts. Without a domain it
    /// is on no list.
    [[nodiscard]] static Address of_mailbox(std::string_view local, std::string_view domain);

    [[nodiscard]] bool empty() const { return text_.empty(); }
    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] std::string_view local() const { return std::string_view(text_).substr(0, at_); }
    [[nodiscard]] std::string_view domain() const {
        return text_.empty() ? std::string_view() : std::string_view(text_).substr(at_ + 1);
    }

    friend bool operator==(const Address&, const Address&) = default;

private:
    std::string text_;
    std::size_t at_ = 0; // where the `@` before the domain is
};

/// `user@example.com` in canonical form behind what `out` already has, without the object: for
/// lists of millions. On an error `out` is as it was.
[[nodiscard]] std::expected<void, AddressError> append_canonical_address(std::string_view text,
                                                                         std::string& out);

} // namespace postern::policy
