#include "ssl/peer.h"

namespace postern::ssl {

std::string_view text(ChainVerdict verdict) {
    switch (verdict) {
    case ChainVerdict::none_presented: return "none_presented";
    case ChainVerdict::trusted: return "trusted";
    case ChainVerdict::self_signed: return "self_signed";
    case ChainVerdict::unknown_ca: return "unknown_ca";
    case ChainVerdict::incomplete: return "incomplete";
    case ChainVerdict::expired: return "expired";
    case ChainVerdict::not_yet_valid: return "not_yet_valid";
    case ChainVerdict::bad_signature: return "bad_signature";
    case ChainVerdict::unsuitable: return "unsuitable";
    case ChainVerdict::unreadable: return "unreadable";
    case ChainVerdict::store_unusable: return "store_unusable";
    }
    return "";
}

} // namespace postern::ssl
