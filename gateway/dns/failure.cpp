#include "gateway/dns/failure.h"

namespace postern::dns {

bool temporary(Cause cause) { return enhanced_status(cause).starts_with('4'); }

std::string_view enhanced_status(Cause cause) {
    switch (cause) {
    case Cause::malformed: return "5.1.3";
    case Cause::no_such_domain:
    case Cause::no_host: return "5.1.2";
    case Cause::null_mx: return "5.1.10";
    case Cause::unusable: return "5.4.4";
    case Cause::loops_back: return "5.4.6";
    case Cause::server_failed:
    case Cause::bogus:
    case Cause::timed_out: return "4.4.3";
    case Cause::cancelled: return "4.3.2";
    case Cause::ours: return "4.7.0"; // COMPLIANCE O19
    }
    return "4.7.0";
}

std::string_view text(Cause cause) {
    switch (cause) {
    case Cause::malformed: return "not a domain name";
    case Cause::no_such_domain: return "no such domain";
    case Cause::no_host: return "the domain has no mail host and no address";
    case Cause::null_mx: return "the domain accepts no mail";
    case Cause::unusable: return "no mail host of the domain has an address";
    case Cause::loops_back: return "mail for the domain comes back to this host";
    case Cause::server_failed: return "name server failure";
    case Cause::bogus: return "DNSSEC validation failed";
    case Cause::timed_out: return "no answer from the name servers in time";
    case Cause::cancelled: return "stopping";
    case Cause::ours: return "own resolver unusable";
    }
    return "failed";
}

} // namespace postern::dns
