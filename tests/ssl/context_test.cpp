#include "ssl/context.h"

#include "tests/ssl/support.h"

namespace postern::ssl::testing {

namespace {

Version agreed(Host& host) {
    Talk talk(host);
    REQUIRE(talk.shake_hands());
    CHECK(talk.client->peer().version == talk.server->peer().version);
    return talk.server->peer().version;
}

} // namespace

TEST_CASE("the highest version that both sides allow is spoken", "[ssl]") {
    const auto version =
        GENERATE(Version::tls_1_0, Version::tls_1_1, Version::tls_1_2, Version::tls_1_3);
    CAPTURE(text(version));
    const std::string name = GENERATE("ecdsa", "rsa");
    CAPTURE(name);
    Host host({name}, Version::tls_1_0);
    host.call_with({.minimum_version = Version::tls_1_0, .maximum_version = version});
    if (version < Library::oldest_version()) return; // then nothing of the kind is offered
    CHECK(agreed(host) == version);
}

TEST_CASE("a client below the floor is refused, and both sides know why", "[ssl]") {
    Host host({"ecdsa"}, Version::tls_1_3);
    host.call_with({.maximum_version = Version::tls_1_2});
    Talk talk(host);
    const auto outcome = talk.handshake();
    CHECK(outcome.server == Progress::failed);
    CHECK(text(talk.server->error()) == "unsupported_version(-326)");
    CHECK(outcome.client == Progress::failed);
    CHECK(text(talk.client->error()) == "peer_alert(protocol_version)");
}

TEST_CASE("a server below the client's floor is refused", "[ssl]") {
    Host host;
    host.serve({"ecdsa"}, Version::tls_1_2, Version::tls_1_2);
    host.call_with({.minimum_version = Version::tls_1_3});
    Talk talk(host);
    const auto outcome = talk.handshake();
    CHECK(outcome.client == Progress::failed);
    CHECK(talk.client->error().cause == Cause::unsupported_version);
}

TEST_CASE("TLS 1.2 has forward secrecy and an authenticated cipher", "[ssl]") {
    const std::string name = GENERATE("ecdsa", "rsa");
    Host host({name});
    host.call_with({.maximum_version = Version::tls_1_2});
    Talk talk(host);
    REQUIRE(talk.shake_hands());
    CHECK(talk.server->peer().cipher == (name == "rsa"
                                             ? "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
                                             : "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
    CHECK(talk.client->write("a", talk.to_server) == Progress::done);
    CHECK(read_all(*talk.server, talk.to_server, talk.to_client) == "a");
}

TEST_CASE("ECDSA answers a client that can verify both", "[ssl]") {
    Host host({"rsa", "ecdsa"});
    const auto version = GENERATE(Version::tls_1_2, Version::tls_1_3);
    host.call_with({.maximum_version = version});
    Talk talk(host);
    REQUIRE(talk.shake_hands());
    CHECK(talk.server->peer().own_certificate == 1);
}

TEST_CASE("without a certificate there is no server", "[ssl]") {
    const auto library = Library::open().value();
    const auto context = ServerContext::make({}, fresh_keys());
    REQUIRE_FALSE(context.has_value());
    CHECK(context.error().cause == Cause::own_certificate);
    CHECK(is_ours(context.error().cause));
}

} // namespace postern::ssl::testing
