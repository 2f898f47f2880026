#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace postern::ssl {

enum class KeyType : std::uint8_t { ecdsa_p256, ecdsa_p384, rsa, other };

// What a certificate says of itself (RFC 5280 4.1), read without judging any of it.
struct CertificateFacts {
    std::chrono::sys_seconds not_before;
    std::chrono::sys_seconds not_after;
    KeyType key_type = KeyType::other;
    unsigned key_bits = 0;
    std::string public_key;             // the point (SEC 1 2.3.3), or the DER of an RSAPublicKey
    std::vector<std::string> names;     // dNSName of the subject alternative name, as written
    std::vector<std::string> addresses; // iPAddress of the same: 4 or 16 bytes, network order
    std::string subject;                // DER of the Name, to be compared, not shown
    std::string issuer;                 // likewise
    std::string common_name;            // of the subject; to be shown only: it never proves a name
    bool is_authority = false;   // basicConstraints: cA, and keyUsage lets it sign (or is absent)
    bool for_servers = true;     // extendedKeyUsage: serverAuth or any (or is absent)
    bool weak_signature = false; // signed with MD5 or SHA-1
};

enum class DerProblem : std::uint8_t { malformed };

// At most so many names or addresses are kept of one certificate; the rest is as if it were absent.
inline constexpr std::size_t alternative_names_max = 1000;

// Reads one certificate in DER. Bounded, never reads outside `der`, keeps nothing of it.
[[nodiscard]] std::expected<CertificateFacts, DerProblem> read_certificate(std::string_view der);

} // namespace postern::ssl
