#include "ssl/facts.h"

#include "tests/ssl/support.h"

namespace postern::ssl::testing {

TEST_CASE("cipher suites have IANA's names", "[ssl]") {
    CHECK(suite_name(0x1301) == "TLS_AES_128_GCM_SHA256");
    CHECK(suite_name(0xcca8) == "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");
    CHECK(suite_name(0x0000) == "unknown");
}

TEST_CASE("lower case is ASCII's", "[ssl]") { CHECK(lower_case("MX-1.Exämple") == "mx-1.exämple"); }

TEST_CASE("the facts of both sides agree", "[ssl]") {
    const auto version = GENERATE(Version::tls_1_2, Version::tls_1_3);
    Host host;
    host.call_with({.maximum_version = version});
    Talk talk(host);
    REQUIRE(talk.shake_hands());
    CHECK(talk.client->peer().version == version);
    CHECK(talk.server->peer().version == version);
    CHECK(talk.client->peer().cipher == talk.server->peer().cipher);
    CHECK(talk.client->peer().group == talk.server->peer().group);
    CHECK(talk.client->peer().group == "P-256");
}

} // namespace postern::ssl::testing
