#include "ssl/error.h"

#include <algorithm>
#include <array>
#include <utility>

namespace postern::ssl {

namespace {

using Alert = std::pair<std::uint8_t, std::string_view>;

// RFC 8446 6, and what older versions had beside it. Sorted by number.
constexpr std::array<Alert, 33> alerts{{
    {0, "close_notify"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {120, "no_application_protocol"},
}};

} // namespace

bool is_ours(Cause cause) { return cause >= Cause::own_certificate; }

std::string_view name(Cause cause) {
    switch (cause) {
    case Cause::none: return "none";
    case Cause::not_tls: return "not_tls";
    case Cause::bad_hello: return "bad_hello";
    case Cause::unsupported_version: return "unsupported_version";
    case Cause::no_shared_cipher: return "no_shared_cipher";
    case Cause::bad_record: return "bad_record";
    case Cause::bad_handshake: return "bad_handshake";
    case Cause::bad_certificate: return "bad_certificate";
    case Cause::renegotiation: return "renegotiation";
    case Cause::flood: return "flood";
    case Cause::peer_alert: return "peer_alert";
    case Cause::closed: return "closed";
    case Cause::own_certificate: return "own_certificate";
    case Cause::own_trust_store: return "own_trust_store";
    case Cause::own_settings: return "own_settings";
    case Cause::no_entropy: return "no_entropy";
    case Cause::out_of_memory: return "out_of_memory";
    case Cause::internal: return "internal";
    }
    return "";
}

std::string_view alert_name(std::uint8_t alert) {
    const auto* const found = std::ranges::lower_bound(alerts, alert, {}, &Alert::first);
    return found != alerts.end() && found->first == alert ? found->second : "unknown";
}

std::string text(const Error& error) {
    std::string result{name(error.cause)};
    if (error.cause == Cause::peer_alert) {
        result += '(';
        result += alert_name(error.alert);
        result += ')';
    } else if (error.detail != 0) {
        result += '(' + std::to_string(error.detail) + ')';
    }
    return result;
}

} // namespace postern::ssl
