#include "ssl/certificate.h"

#include "ssl/key_match.h"
#include "ssl/pem.h"

#include <wolfssl/ssl.h>

#include <memory>

namespace postern::ssl {

namespace {

constexpr unsigned rsa_bits_min = 2048;

struct Release {
    void operator()(WOLFSSL_CTX* context) const { wolfSSL_CTX_free(context); }
};

const unsigned char* bytes_of(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

bool is_supported(const CertificateFacts& facts) {
    switch (facts.key_type) {
    case KeyType::ecdsa_p256:
    case KeyType::ecdsa_p384: return true;
    case KeyType::rsa: return facts.key_bits >= rsa_bits_min;
    case KeyType::other: return false;
    }
    return false;
}

bool is_encrypted(std::string_view key_pem) {
    return first_pem_label(key_pem, "PRIVATE KEY") == "ENCRYPTED PRIVATE KEY" ||
           key_pem.contains("Proc-Type: 4,ENCRYPTED"); // RFC 1421, OpenSSL's older form
}

// The library's own opinion, asked without a connection.
std::expected<void, CertificateProblem> try_out(const std::string& chain_pem,
                                                const std::string& key_pem) {
    const std::unique_ptr<WOLFSSL_CTX, Release> context(
        wolfSSL_CTX_new(wolfSSLv23_server_method()));
    if (!context || wolfSSL_CTX_use_certificate_chain_buffer(
                        context.get(), bytes_of(chain_pem), static_cast<long>(chain_pem.size())) !=
                        WOLFSSL_SUCCESS) {
        return std::unexpected(CertificateProblem::chain_unreadable);
    }
    if (wolfSSL_CTX_use_PrivateKey_buffer(context.get(),
                                          bytes_of(key_pem),
                                          static_cast<long>(key_pem.size()),
                                          WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS) {
        return std::unexpected(CertificateProblem::key_unreadable);
    }
    return {};
}

} // namespace

std::string_view text(CertificateProblem problem) {
    switch (problem) {
    case CertificateProblem::chain_unreadable:
        return "no certificate in PEM, or one that cannot be read";
    case CertificateProblem::key_unreadable:
        return "no private key in PEM, or one that cannot be read";
    case CertificateProblem::key_encrypted: return "the private key is behind a pass phrase";
    case CertificateProblem::key_mismatch:
        return "the private key does not belong to the certificate";
    case CertificateProblem::unsupported_key:
        return "the key is neither RSA of at least 2048 bits nor ECDSA on P-256 or P-384";
    }
    return "";
}

std::expected<Certificate, CertificateProblem> Certificate::load(std::string_view chain_pem,
                                                                 std::string_view key_pem) {
    const auto chain = read_pem(chain_pem, "CERTIFICATE");
    if (chain.der.empty() || chain.damaged != 0) {
        return std::unexpected(CertificateProblem::chain_unreadable);
    }
    for (const auto& der : chain.der) {
        if (!read_certificate(der)) return std::unexpected(CertificateProblem::chain_unreadable);
    }
    Certificate certificate;
    certificate.facts_ = *read_certificate(chain.der.front());
    if (!is_supported(certificate.facts_)) {
        return std::unexpected(CertificateProblem::unsupported_key);
    }
    if (is_encrypted(key_pem)) return std::unexpected(CertificateProblem::key_encrypted);
    if (first_pem_label(key_pem, "PRIVATE KEY").empty()) {
        return std::unexpected(CertificateProblem::key_unreadable);
    }
    certificate.chain_pem_ = chain_pem;
    certificate.key_pem_ = key_pem;
    const auto tried = try_out(certificate.chain_pem_, certificate.key_pem_);
    if (!tried) return std::unexpected(tried.error());
    if (!key_matches(certificate.facts_, key_pem)) {
        return std::unexpected(CertificateProblem::key_mismatch);
    }
    return certificate;
}

} // namespace postern::ssl
