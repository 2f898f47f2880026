#pragma once

#include "gateway/smtp/reply_reader.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::relay {

// Why the next hop could not be used. For the log, and for choosing between 4.4.1 and 4.4.2.
enum class Cause : std::uint8_t {
    none_usable,   // every host of the route is down or backing off
    busy,          // all conversations that we may have are in use
    unreachable,   // no connection: refused, no way, timed out
    greeting,      // connected, but greeted with an error
    tls_missing,   // the route demands TLS, STARTTLS is not offered or was refused
    tls_failed,    // the route demands TLS, the handshake failed
    below_floor,   // the route demands a later version of TLS
    not_trusted,   // the route demands a trusted certificate
    expired,       // likewise, and it would be one at another time
    name_mismatch, // the route demands a certificate for the host's name
    our_tls,       // the fault is ours: no trust store, no memory
    lost,          // the connection broke in the middle
    silent,        // no reply in time
    malformed,     // what came is no SMTP reply
};

[[nodiscard]] std::string_view text(Cause cause);

struct Failure {
    Cause cause = Cause::unreachable;
    std::string detail;        // "connection refused", a TLS cause, the peer's own words
    smtp::ParsedReply reply{}; // with these words, when it refused; else code 0
};

// The conversation had begun: 451 4.4.2 rather than 4.4.1 (COMPLIANCE I17).
[[nodiscard]] constexpr bool had_begun(Cause cause) {
    return cause == Cause::lost || cause == Cause::silent || cause == Cause::malformed;
}

} // namespace postern::relay
