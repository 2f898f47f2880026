#include "ssl/choice.h"

#include "ssl/name_match.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace postern::ssl {

namespace {

constexpr std::uint16_t version_1_3 = 0x0304;

constexpr std::uint16_t group_p256 = 23; // RFC 8446 4.2.7
constexpr std::uint16_t group_p384 = 24;

// RFC 8446 4.2.3.
constexpr std::uint16_t ecdsa_p256_sha256 = 0x0403;
constexpr std::uint16_t ecdsa_p384_sha384 = 0x0503;
constexpr std::array<std::uint16_t, 3> rsa_pss{0x0804, 0x0805, 0x0806};
constexpr std::array<std::uint16_t, 6> rsa_any{0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601};

// RFC 5289, RFC 7905, and RFC 8422 for what an administrator may have switched on.
constexpr std::array<std::uint16_t, 5> suites_ecdsa{0xc02b, 0xc02c, 0xcca9, 0xc009, 0xc00a};
constexpr std::array<std::uint16_t, 5> suites_rsa{0xc02f, 0xc030, 0xcca8, 0xc013, 0xc014};

bool lists_any(std::string_view list, std::span<const std::uint16_t> numbers) {
    return std::ranges::any_of(numbers,
                               [list](std::uint16_t number) { return lists(list, number); });
}

bool is_ecdsa(KeyType key) { return key == KeyType::ecdsa_p256 || key == KeyType::ecdsa_p384; }

bool can_verify_ecdsa(const ClientHello& hello, KeyType key) {
    const bool p256 = key == KeyType::ecdsa_p256;
    if (lists(hello.supported_versions, version_1_3)) {
        return lists(hello.signature_algorithms, p256 ? ecdsa_p256_sha256 : ecdsa_p384_sha384);
    }
    // Before TLS 1.3 the algorithm says nothing of the curve, the list of groups does (RFC
    // 8422 5.1).
    const bool algorithm = hello.signature_algorithms.empty() ||
                           lists(hello.signature_algorithms, ecdsa_p256_sha256) ||
                           lists(hello.signature_algorithms, ecdsa_p384_sha384);
    const bool curve = hello.supported_groups.empty() ||
                       lists(hello.supported_groups, p256 ? group_p256 : group_p384);
    return algorithm && curve && lists_any(hello.cipher_suites, suites_ecdsa);
}

bool can_verify_rsa(const ClientHello& hello) {
    if (lists(hello.supported_versions, version_1_3)) {
        return lists_any(hello.signature_algorithms, rsa_pss);
    }
    return (hello.signature_algorithms.empty() || lists_any(hello.signature_algorithms, rsa_any)) &&
           lists_any(hello.cipher_suites, suites_rsa);
}

// Higher is better.
int rank(const ClientHello& hello, const CertificateFacts& certificate, bool name_counts) {
    int points = 0;
    if (can_verify(hello, certificate.key_type)) points += 4;
    if (name_counts && name_matches(certificate, hello.host_name)) points += 2;
    if (is_ecdsa(certificate.key_type)) points += 1;
    return points;
}

} // namespace

bool can_verify(const ClientHello& hello, KeyType key) {
    switch (key) {
    case KeyType::ecdsa_p256:
    case KeyType::ecdsa_p384: return can_verify_ecdsa(hello, key);
    case KeyType::rsa: return can_verify_rsa(hello);
    case KeyType::other: return false;
    }
    return false;
}

std::size_t choose_certificate(const ClientHello& hello,
                               std::span<const CertificateFacts> certificates) {
    assert(!certificates.empty());
    const bool name_counts = !hello.host_name.empty();
    std::size_t best = 0;
    int best_rank = -1;
    for (std::size_t i = 0; i < certificates.size(); ++i) {
        const int points = rank(hello, certificates[i], name_counts);
        if (points > best_rank) {
            best = i;
            best_rank = points;
        }
    }
    return best;
}

} // namespace postern::ssl
