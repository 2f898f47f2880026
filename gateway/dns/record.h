#pragma once

#include "gateway/cidr.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What foreign name servers send, read with bounds: names and the data of records. Names are lower
// case and without the last dot everywhere.

namespace postern::dns {

inline constexpr std::size_t name_bytes_max = 253; // of a name as text, RFC 1035 2.3.4
inline constexpr std::size_t label_bytes_max = 63;

// An MX record, RFC 1035 3.3.9.
struct Mx {
    std::uint16_t preference = 0; // less is better
    std::string host;             // empty: the root, "no mail" (RFC 7505)

    bool operator==(const Mx&) const = default;
};

// `text` as a name in its one spelling: letters, digits, hyphens and underscores (which no host
// should have and some have) in labels of 1 to 63 bytes. A last dot is dropped. Nothing for what
// cannot be the name of a mail host: other bytes, empty labels, an IPv4 address.
[[nodiscard]] std::optional<std::string> host_name(std::string_view text);

// The data of an MX record, its name not compressed. Nothing when it is cut, has bytes left over,
// or names what cannot be a host.
[[nodiscard]] std::optional<Mx> read_mx(std::string_view data);

// Whether somebody can be reached there at all: not at an unspecified address (which is this host,
// for Linux), a multicast or broadcast one, or a link-local one of IPv6 (on which link?).
[[nodiscard]] bool is_somebodys(const gateway::IpAddress& address);

// The data of an A or AAAA record. Nothing for any other size, and for what is nobody's address.
[[nodiscard]] std::optional<gateway::IpAddress> read_address(std::string_view data);

} // namespace postern::dns
