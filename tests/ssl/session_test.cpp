#include "ssl/session.h"

#include "tests/ssl/support.h"

namespace postern::ssl::testing {

namespace {

// A finished conversation's session.
Session session_of(Host& host, std::string_view name = "mx.example.org") {
    Talk talk(host, name);
    REQUIRE(talk.shake_hands());
    CHECK_FALSE(talk.client->peer().resumed);
    CHECK(read_all(*talk.client, talk.to_client, talk.to_server).empty()); // the ticket
    auto session = talk.client->session();
    REQUIRE(session.has_value());
    return std::move(*session);
}

struct Resumed {
    bool client;
    bool server;
    Peer facts;
};

Resumed resume(Host& host, const Session& session, std::string_view name = "mx.example.org") {
    Talk talk(host, name, &session);
    REQUIRE(talk.shake_hands());
    CHECK(talk.client->write("ping", talk.to_server) == Progress::done);
    CHECK(read_all(*talk.server, talk.to_server, talk.to_client) == "ping");
    return {talk.client->peer().resumed, talk.server->peer().resumed, talk.client->peer()};
}

Host host_of(Version version, std::initializer_list<std::string> certificates = {"ecdsa"}) {
    Host host(certificates);
    host.call_with({.maximum_version = version, .resumption = Resumption::any});
    return host;
}

} // namespace

TEST_CASE("a ticket resumes with what the full handshake had proved", "[ssl]") {
    const auto version = GENERATE(Version::tls_1_2, Version::tls_1_3);
    CAPTURE(text(version));
    auto host = host_of(version);
    const auto session = session_of(host);
    const auto second = resume(host, session);
    CHECK(second.client);
    CHECK(second.server);
    CHECK(second.facts.version == version);
    CHECK(second.facts.chain == ChainVerdict::trusted);
    CHECK(second.facts.name_matched);
}

TEST_CASE("a resumed session carries a bad level as well", "[ssl]") {
    const auto version = GENERATE(Version::tls_1_2, Version::tls_1_3);
    auto host = host_of(version, {"self-signed"});
    const auto second = resume(host, session_of(host));
    CHECK(second.client);
    CHECK(second.facts.chain == ChainVerdict::self_signed);
}

TEST_CASE("a session resumes nobody but the server it came from", "[ssl]") {
    Host host;
    const auto session = session_of(host);
    CHECK_FALSE(resume(host, session, "other.mail.example.org").client);
}

TEST_CASE("sessions of TLS 1.2 are not kept unless asked for", "[ssl]") {
    Host host;
    host.call_with({.maximum_version = Version::tls_1_2});
    Talk talk(host);
    REQUIRE(talk.shake_hands());
    CHECK_FALSE(talk.client->session().has_value());
}

TEST_CASE("tickets survive a reload with the same keys, not one with others", "[ssl]") {
    Host host;
    const auto session = session_of(host);
    host.serve({"ecdsa"});
    CHECK(resume(host, session).server);

    host.keys = fresh_keys();
    host.serve({"expired"});
    const auto full = resume(host, session);
    CHECK_FALSE(full.client);
    CHECK_FALSE(full.server);
    CHECK(full.facts.chain == ChainVerdict::expired); // judged anew, not remembered
}

TEST_CASE("a ticket works until its key has fallen off the end", "[ssl]") {
    const auto version = GENERATE(Version::tls_1_2, Version::tls_1_3);
    CAPTURE(text(version));
    auto host = host_of(version);
    const auto session = session_of(host);
    for (std::size_t i = 1; i < TicketKeys::keys_kept; ++i) {
        host.keys = host.keys.rotated().value();
        host.server->set_ticket_keys(host.keys);
        CHECK(resume(host, session).server);
    }
    host.keys = host.keys.rotated().value();
    host.server->set_ticket_keys(host.keys);
    if (version == Version::tls_1_3) {
        CHECK_FALSE(resume(host, session).server);
    } else {
        // The server goes on with a full handshake, which this client cannot follow: see
        // Resumption.
        Talk talk(host, "mx.example.org", &session);
        CHECK(talk.handshake().client == Progress::failed);
        CHECK(talk.client->error().cause == Cause::bad_handshake);
    }
}

TEST_CASE("a ticket of one core opens on another", "[ssl]") {
    Host host;
    const auto session = session_of(host);
    Host other;
    other.keys = host.keys;
    other.serve({"ecdsa"});
    CHECK(resume(other, session).server);
}

} // namespace postern::ssl::testing
