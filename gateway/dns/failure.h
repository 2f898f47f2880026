#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::dns {

// Why a domain has no mail host for us. The first six are the domain's answer, and final; the
// others may be over in a while.
enum class Cause : std::uint8_t {
    malformed,      // no domain name and no address literal
    no_such_domain, // NXDOMAIN
    no_host,        // the domain exists, with neither MX nor an address: RFC 5321 5.1
    null_mx,        // it says that it takes no mail: RFC 7505
    unusable,       // it has MX records, and none leads to an address: RFC 5321 5.1
    loops_back,     // its best mail host is ourselves: RFC 5321 5.1
    server_failed,  // SERVFAIL, REFUSED, and whatever else is no answer
    bogus,          // DNSSEC proves that the answer is not the domain's: RFC 4035 5.5
    timed_out,      // no answer within our wait
    cancelled,      // we stop
    ours,           // the resolver itself is broken: memory, its thread
};

// Whether asking again later may help.
[[nodiscard]] bool temporary(Cause cause);
// RFC 3463, RFC 7505: "5.1.2".
[[nodiscard]] std::string_view enhanced_status(Cause cause);
// For reports and the log.
[[nodiscard]] std::string_view text(Cause cause);

struct DnsFailure {
    Cause cause = Cause::ours;
    std::string detail; // what was asked, and what the resolver said; ASCII, may be empty
};

} // namespace postern::dns
