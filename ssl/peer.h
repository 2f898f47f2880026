#pragma once

#include "ssl/version.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::ssl {

// How far the other side's certificate chain leads. Verification never ends a handshake: the
// verdict is a fact, and whoever called judges it.
enum class ChainVerdict : std::uint8_t {
    none_presented,
    trusted,
    self_signed,    // the certificate is its own issuer, and not in the trust store
    unknown_ca,     // the chain ends at an issuer the trust store does not have
    incomplete,     // only the certificate itself was sent, and its issuer is unknown
    expired,        // some certificate of the chain
    not_yet_valid,  // likewise
    bad_signature,  // some certificate was not signed by the one above it
    unsuitable,     // not a CA where one must be, a name constraint, a purpose, a length
    unreadable,     // cannot be parsed
    store_unusable, // we have no trust store: the fault is ours
};

// "self_signed", for the log.
[[nodiscard]] std::string_view text(ChainVerdict verdict);

// What the handshake proved. Plain facts, valid once Engine::handshake has said `done`.
struct Peer {
    Version version = Version::tls_1_2;
    std::string_view cipher; // "TLS_AES_128_GCM_SHA256": IANA's name, or "unknown"; static storage
    std::string_view group;  // "X25519", "P-256", "P-384" or ""; static storage
    bool resumed = false;

    // As a server.
    std::string sni;                 // the host name the client asked for, lower case; empty: none
    std::size_t own_certificate = 0; // index into ServerSettings::certificates

    // As a client. After a resumption these are those of the full handshake the session came from.
    ChainVerdict chain = ChainVerdict::none_presented;
    bool name_matched = false; // `server_name` is among the subject alternative names
};

} // namespace postern::ssl
