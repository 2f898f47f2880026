#include "ssl/facts.h"

#include <wolfssl/ssl.h>

#include <algorithm>
#include <array>
#include <utility>

namespace postern::ssl {

namespace {

using Suite = std::pair<std::uint16_t, std::string_view>;

constexpr std::array<Suite, 13> suites{{
    {0x1301, "TLS_AES_128_GCM_SHA256"},
    {0x1302, "TLS_AES_256_GCM_SHA384"},
    {0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
    {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
    {0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
    {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
    {0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
    {0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
    {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
}};

Version version_of(WOLFSSL* ssl) {
    switch (wolfSSL_GetVersion(ssl)) {
    case WOLFSSL_TLSV1_3: return Version::tls_1_3;
    case WOLFSSL_TLSV1_2: return Version::tls_1_2;
    case WOLFSSL_TLSV1_1: return Version::tls_1_1;
    default: return Version::tls_1_0;
    }
}

std::string_view group_of(WOLFSSL* ssl) {
    const char* const name = wolfSSL_get_curve_name(ssl);
    const std::string_view known = name == nullptr ? "" : name;
    if (known == "X25519") return "X25519";
    if (known == "SECP256R1") return "P-256";
    if (known == "SECP384R1") return "P-384";
    return "";
}

} // namespace

void note_facts(WOLFSSL* ssl, Peer& peer) {
    peer.version = version_of(ssl);
    peer.cipher = suite_name(static_cast<std::uint16_t>(wolfSSL_get_current_cipher_suite(ssl)));
    peer.resumed = wolfSSL_session_reused(ssl) == 1;
    peer.group = group_of(ssl);
}

std::string_view suite_name(std::uint16_t number) {
    const auto* const found = std::ranges::find(suites, number, &Suite::first);
    return found == suites.end() ? "unknown" : found->second;
}

std::string lower_case(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return result;
}

} // namespace postern::ssl
