#include "gateway/relay/failure.h"

namespace postern::relay {

std::string_view text(Cause cause) {
    switch (cause) {
    case Cause::none_usable: return "no host of the route is usable";
    case Cause::busy: return "all conversations are in use";
    case Cause::unreachable: return "unreachable";
    case Cause::greeting: return "unfriendly greeting";
    case Cause::tls_missing: return "starttls-not-supported";
    case Cause::tls_failed: return "tls-handshake-failed";
    case Cause::below_floor: return "tls-below-floor";
    case Cause::not_trusted: return "certificate-not-trusted";
    case Cause::expired: return "certificate-expired";
    case Cause::name_mismatch: return "certificate-host-mismatch";
    case Cause::our_tls: return "own-tls-unusable";
    case Cause::lost: return "connection lost";
    case Cause::silent: return "no reply in time";
    case Cause::malformed: return "malformed reply";
    }
    return "failed";
}

} // namespace postern::relay
