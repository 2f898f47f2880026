#include "ssl/certificate.h"

#include "tests/ssl/support.h"

namespace postern::ssl::testing {

TEST_CASE("a certificate tells its facts without a handshake", "[ssl]") {
    const auto library = Library::open().value();
    const auto loaded = certificate("ecdsa");
    CHECK(loaded.facts().key_type == KeyType::ecdsa_p256);
    CHECK(loaded.facts().common_name == "mx.example.org");
    CHECK(loaded.facts().names == std::vector<std::string>{"mx.example.org", "*.mail.example.org"});
    CHECK(certificate("rsa").facts().key_bits == 2048);
    CHECK(certificate("ecdsa384").facts().key_type == KeyType::ecdsa_p384);
    CHECK(certificate("expired").facts().not_after < std::chrono::system_clock::now());
}

TEST_CASE("keys are read in all their forms", "[ssl]") {
    const auto library = Library::open().value();
    CHECK(Certificate::load(fixture("ecdsa.pem"), fixture("sec1.key")).has_value());
    CHECK(Certificate::load(fixture("rsa.pem"), fixture("pkcs1.key")).has_value());
    CHECK(Certificate::load("text\n" + fixture("ecdsa.pem"), "text\n" + fixture("ecdsa.key"))
              .has_value());
}

TEST_CASE("what does not load says why", "[ssl]") {
    const auto library = Library::open().value();
    const auto chain = fixture("ecdsa.pem");
    const auto key = fixture("ecdsa.key");
    struct Row {
        std::string chain;
        std::string key;
        CertificateProblem problem;
    };
    const Row row = GENERATE_COPY(values<Row>({
        {"", key, CertificateProblem::chain_unreadable},
        {key, key, CertificateProblem::chain_unreadable},
        {chain.substr(0, chain.size() - 40), key, CertificateProblem::chain_unreadable},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
         key,
         CertificateProblem::chain_unreadable},
        {chain, "", CertificateProblem::key_unreadable},
        {chain, chain, CertificateProblem::key_unreadable},
        {chain,
         "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
         CertificateProblem::key_unreadable},
        {chain, fixture("encrypted.key"), CertificateProblem::key_encrypted},
        {chain, fixture("self-signed.key"), CertificateProblem::key_mismatch},
        {chain, fixture("rsa.key"), CertificateProblem::key_mismatch},
        {fixture("rsa.pem"), fixture("other-name-rsa.key"), CertificateProblem::key_mismatch},
        {fixture("rsa1024.pem"), fixture("rsa1024.key"), CertificateProblem::unsupported_key},
        {fixture("ed25519.pem"), fixture("ed25519.key"), CertificateProblem::unsupported_key},
    }));
    CAPTURE(text(row.problem), row.key);
    const auto loaded = Certificate::load(row.chain, row.key);
    REQUIRE_FALSE(loaded.has_value());
    CHECK(text(loaded.error()) == text(row.problem));
    CHECK_FALSE(text(loaded.error()).empty());
}

} // namespace postern::ssl::testing
