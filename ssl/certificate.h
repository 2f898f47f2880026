#pragma once

#include "ssl/x509.h"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace postern::ssl {

enum class CertificateProblem : std::uint8_t {
    chain_unreadable, // no certificate in the text, or one that is damaged
    key_unreadable,   // no private key in the text, or one that is damaged
    key_encrypted,    // behind a pass phrase, which nobody could type
    key_mismatch,     // the key is not the one of the certificate
    unsupported_key,  // neither RSA (2048 bits and more) nor ECDSA on P-256 or P-384
};

// "the private key does not belong to the certificate": for whoever wrote the settings.
[[nodiscard]] std::string_view text(CertificateProblem problem);

// One of our certificates with its chain and private key, checked without a handshake. Immutable;
// made once by whoever loads the settings, and read by every core that builds a ServerContext from
// it.
class Certificate {
public:
    // `chain_pem`: the certificate first, then what leads to its root. `key_pem`: PKCS#8, PKCS#1 or
    // SEC1. A certificate outside its dates loads: see facts().
    [[nodiscard]] static std::expected<Certificate, CertificateProblem>
    load(std::string_view chain_pem, std::string_view key_pem);

    // Of the certificate itself, the first of the chain.
    [[nodiscard]] const CertificateFacts& facts() const { return facts_; }

    // For ServerContext, as loaded.
    [[nodiscard]] const std::string& chain_pem() const { return chain_pem_; }
    [[nodiscard]] const std::string& key_pem() const { return key_pem_; }

private:
    Certificate() = default;

    std::string chain_pem_;
    std::string key_pem_;
    CertificateFacts facts_;
};

} // namespace postern::ssl
