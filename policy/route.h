#pragma once

#include "policy/address_list.h"
#include "policy/demand.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::policy {

inline constexpr std::uint16_t smtp_port = 25;

/// How the next hop is told who the real client is.
enum class AnnounceClient : std::uint8_t {
    none,
    xclient, // the XCLIENT command (Postfix), where the next hop offers it
    proxy,   // a PROXY header (version 1) before its greeting
};

inline constexpr std::uint16_t route_host_weight_max = 1000;

/// One server of a route. `address` is an IP address or a name; brackets of an IPv6 address are
/// gone.
struct RouteHost {
    std::string address;
    std::uint16_t port = smtp_port;
    std::uint16_t weight = 1; // share of the load among the hosts in use; 1 to 1000
    bool backup = false;      // used only while no other host answers

    friend bool operator==(const RouteHost&, const RouteHost&) = default;
};

/// Reads `host`, `host:port`, `192.0.2.1:25`, `[2001:db8::1]:25` or `2001:db8::1`. Else what is
/// wrong.
[[nodiscard]] std::expected<RouteHost, std::string> route_host_of(std::string_view text);

/// The way to the next hop (`[[route]]`). Owned by the snapshot, and lives as long as it does.
struct Route {
    std::string name;
    std::vector<std::string> domains; // recipients' domains, canonical; "*": all others
    std::vector<RouteHost> hosts;     // in the order of the file
    bool mx = false;                  // by the recipients' MX instead of hosts
    bool tls_required = false;        // tls = "require" (else "may")
    bool require_trusted_certificate = false;
    bool validate_certificate_hostname = false;
    std::string
        server_name; // sent as SNI and looked for in the certificate; empty: the host's own name
    AnnounceClient announce_client = AnnounceClient::none;

    /// What the hop itself must achieve, whatever the mail demands. "may": nothing, TLS where
    /// offered.
    [[nodiscard]] Demand demand() const {
        if (!tls_required) return Demand::none;
        if (!require_trusted_certificate) return Demand::tls;
        return validate_certificate_hostname ? Demand::tls_trusted_host : Demand::tls_trusted;
    }
};

/// Outbound: marks mail or sends it another way (`[[routing]]`). What is left out matches all mail.
/// Owned by the snapshot, and lives as long as it does.
struct RoutingRule {
    struct Header {
        std::string name;
        std::string contains;
    };

    std::string name;
    std::vector<const AddressList*> senders;
    std::vector<const AddressList*> recipients;
    std::optional<Header> header;
    bool require_secure_transport = false;
    const Route* route = nullptr; // null: as without the rule
};

} // namespace postern::policy
