#pragma once

#include "gateway/cidr.h"
#include "gateway/dns/answer.h"
#include "gateway/dns/failure.h"
#include "gateway/dns/record.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

// Where a domain takes its mail, and the rules that make such a list of DNS records: RFC 5321 5.1
// and RFC 7505. Plain functions; who asks is the resolver.

namespace postern::dns {

inline constexpr std::size_t hosts_max = 16;              // of a domain, the best ones
inline constexpr std::size_t addresses_per_host_max = 16; // half of it, if both families have more

struct MailHost {
    std::string name; // as the MX record has it: what a certificate must name
    std::uint16_t preference = 0;
    // IPv6 and IPv4 in turns, IPv6 first; within a family in the resolver's order. In turns, since
    // a host that cannot be reached over one of them (on our side or on theirs) then costs one
    // attempt, not one for each of its addresses; IPv6 first, as RFC 6724 has it.
    std::vector<gateway::IpAddress> addresses; // never empty
    Dnssec dnssec = Dnssec::insecure;          // of the addresses
};

// A host without an address, and why.
struct LeftOut {
    std::string name;
    std::uint16_t preference = 0;
    DnsFailure failure; // no_host, or what may be over later
};

enum class Origin : std::uint8_t { mx, implicit, literal };

struct MailHosts {
    std::vector<MailHost> hosts; // in the order to try them in; never empty
    Origin origin = Origin::mx;
    Dnssec dnssec = Dnssec::insecure; // of the MX records, or of the proof that there are none
    // Why a host is left out whose addresses could not be had now; they may be there later.
    std::optional<DnsFailure> missing{};
    std::vector<LeftOut> left_out{}; // in the order to try them in
};

// Who we are, so that mail does not come back to us. `networks` are all addresses that lead to this
// host: those of its listeners, and 127.0.0.0/8 and ::1, which a hostile domain may name too.
struct Ourselves {
    std::string hostname;
    std::vector<gateway::Network> networks;

    [[nodiscard]] bool named(std::string_view host) const;
    [[nodiscard]] bool at(const std::vector<gateway::IpAddress>& addresses) const;
};

// What shuffles hosts of equal preference; seeded by its owner. Nothing secret comes from it.
using Shuffle = std::mt19937_64;

// The hosts to try, best first and equal ones in random order, each once. If we are among them,
// only those better than ourselves (RFC 5321 5.1); at most `hosts_max`.
[[nodiscard]] std::expected<std::vector<Mx>, Cause>
hosts_to_try(std::vector<Mx> records, const Ourselves& ourselves, Shuffle& shuffle);

// The addresses of one host in the order to try them in, bounded.
[[nodiscard]] std::vector<gateway::IpAddress> in_turns(const std::vector<gateway::IpAddress>& ipv6,
                                                       const std::vector<gateway::IpAddress>& ipv4);

// Drops, from hosts in their order, ourselves as our addresses tell, and all that are no better.
void cut_at_ourselves(std::vector<MailHost>& hosts, const Ourselves& ourselves);

// "[192.0.2.1]" or "[IPv6:2001:db8::1]", RFC 5321 4.1.3: a host whose name is the literal.
[[nodiscard]] std::expected<MailHosts, Cause> hosts_of_literal(std::string_view literal,
                                                               const Ourselves& ourselves);

} // namespace postern::dns
