#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::ssl {

// Why a connection has no (or no more) TLS. The names are what the log says, so they do not change.
enum class Cause : std::uint8_t {
    none,
    // What the peer did.
    not_tls,             // the first bytes are no TLS record
    bad_hello,           // a ClientHello that cannot be read, or is too long
    unsupported_version, // no version in common
    no_shared_cipher,    // no cipher suite, signature algorithm or group in common
    bad_record,          // does not decrypt, too long, or malformed
    bad_handshake,       // a handshake message that is wrong or out of place
    bad_certificate,     // the peer's certificate cannot be read, or does not fit its signature
    renegotiation,       // asked for, never granted
    flood,               // records that carry nothing, again and again
    peer_alert,          // the peer gave up and said why: see Error::alert
    closed,              // ended in the middle of the handshake
    // What is wrong on our side (COMPLIANCE O19): never the peer's fault.
    own_certificate,
    own_trust_store,
    own_settings,
    no_entropy,
    out_of_memory,
    internal,
};

// A cause with what is known beside it. A value; costs eight bytes.
struct Error {
    Cause cause = Cause::none;
    std::uint8_t alert = 0; // RFC 8446 6.2, with Cause::peer_alert only
    int detail = 0;         // the library's own number, for the log of somebody who hunts a bug

    friend bool operator==(const Error&, const Error&) = default;
};

// True when the fault is on our side, so that the peer must not be blamed for it.
[[nodiscard]] bool is_ours(Cause cause);

// "no_shared_cipher".
[[nodiscard]] std::string_view name(Cause cause);

// RFC 8446 6: "unknown_ca"; "unknown" for a number nobody has assigned.
[[nodiscard]] std::string_view alert_name(std::uint8_t alert);

// "no_shared_cipher", "peer_alert(unknown_ca)", "internal(-173)": one word for the log.
[[nodiscard]] std::string text(const Error& error);

} // namespace postern::ssl
