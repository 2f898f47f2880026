#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace postern::policy {

inline constexpr std::size_t domain_bytes_max = 253;      // RFC 1035 2.3.4, without the root's dot
inline constexpr std::size_t domain_label_bytes_max = 63; // RFC 1035 2.3.4

enum class AddressError : std::uint8_t {
    empty,           // nothing where an address or a domain should be
    no_at,           // an address without `@`
    bad_local_part,  // too long, a control character, an unclosed quote
    bad_domain,      // not host labels, not an address literal, or refused by IDNA
    domain_too_long, // a label over 63 bytes or a domain over 253
};

/// What is wrong, to stand behind the text in question: `has no "@"`.
[[nodiscard]] std::string_view text(AddressError error);

/// The one spelling of a domain: A-labels (IDNA2008, UTS 46 mapping), lower case, no trailing dot.
/// An address literal keeps its brackets and is rewritten: `[192.0.2.1]`, `[ipv6:2001:db8::1]`.
/// Plain ASCII never reaches the IDNA library. Underscores are let through: they are in use.
[[nodiscard]] std::expected<std::string, AddressError> canonical_domain(std::string_view domain);

/// The same behind what `out` already has; on an error `out` is as it was.
[[nodiscard]] std::expected<void, AddressError> append_canonical_domain(std::string_view domain,
                                                                        std::string& out);

/// The same for a domain that some message has and nobody may hide by an odd spelling: a label that
/// cannot be made canonical is kept as it is, in lower case. `*.bank.example` still matches it
/// then.
void append_domain_of_mailbox(std::string_view domain, std::string& out);

} // namespace postern::policy
