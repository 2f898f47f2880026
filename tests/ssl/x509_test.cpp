#include "ssl/x509.h"

#include "tests/ssl/support.h"

namespace postern::ssl::testing {

namespace {

CertificateFacts facts_of(const std::string& name) {
    auto facts = read_certificate(Chain(name).views.front());
    REQUIRE(facts.has_value());
    return *facts;
}

} // namespace

TEST_CASE("a certificate's fields are read as they stand", "[ssl]") {
    const auto facts = facts_of("ecdsa");
    using namespace std::chrono;
    CHECK(facts.not_before == sys_days{2020y / January / 1});
    CHECK(facts.not_after == sys_days{2120y / January / 1}); // from 2050 on in another notation
    CHECK(facts.key_type == KeyType::ecdsa_p256);
    CHECK(facts.names.size() == 2);
    REQUIRE(facts.addresses.size() == 2);
    CHECK(facts.addresses[0] == std::string("\xc0\x00\x02\x01", 4));
    CHECK(facts.addresses[1].size() == 16);
    CHECK_FALSE(facts.is_authority);
    CHECK(facts.for_servers);
    CHECK_FALSE(facts.weak_signature);
    CHECK(facts.issuer == facts_of("intermediate").subject);
    CHECK(facts.subject != facts.issuer);
}

TEST_CASE("who may sign, serve, and was signed badly", "[ssl]") {
    CHECK(facts_of("root").is_authority);
    CHECK(facts_of("root").subject == facts_of("root").issuer);
    CHECK_FALSE(facts_of("client-only").for_servers);
    CHECK(facts_of("sha1").weak_signature);
    CHECK(facts_of("rsa").key_bits == 2048);
    CHECK(facts_of("rsa1024").key_bits == 1024);
    CHECK(facts_of("ed25519").key_type == KeyType::other);
}

TEST_CASE("a certificate cut short anywhere is malformed", "[ssl]") {
    const Chain chain("ecdsa");
    const auto der = chain.views.front();
    for (std::size_t size = 0; size < der.size(); ++size) {
        CHECK_FALSE(read_certificate(der.substr(0, size)).has_value());
    }
}

TEST_CASE("a certificate changed anywhere is read or refused, never worse", "[ssl]") {
    const Chain chain("ecdsa");
    for (std::size_t at = 0; at < chain.views.front().size(); ++at) {
        std::string changed(chain.views.front());
        changed[at] = static_cast<char>(changed[at] ^ 0x81);
        const auto facts = read_certificate(changed);
        if (facts) CHECK(facts->names.size() <= alternative_names_max);
    }
}

} // namespace postern::ssl::testing
