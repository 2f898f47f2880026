#include "ssl/engine.h"

#include "tests/ssl/support.h"

namespace postern::ssl::testing {

TEST_CASE("both sides agree on TLS 1.3 and can talk", "[ssl]") {
    Host host;
    Talk talk(host);
    REQUIRE(talk.shake_hands());
    for (const auto* side : {talk.client.get(), talk.server.get()}) {
        CHECK(side->peer().version == Version::tls_1_3);
        CHECK(side->peer().cipher == "TLS_AES_128_GCM_SHA256");
        CHECK(side->peer().group == "P-256");
        CHECK_FALSE(side->peer().resumed);
    }
    CHECK(talk.client->write("EHLO a\r\n", talk.to_server) == Progress::done);
    CHECK(read_all(*talk.server, talk.to_server, talk.to_client) == "EHLO a\r\n");
    CHECK(talk.server->write("250 b\r\n", talk.to_client) == Progress::done);
    CHECK(read_all(*talk.client, talk.to_client, talk.to_server) == "250 b\r\n");
}

TEST_CASE("a handshake fed byte by byte comes to the same end", "[ssl]") {
    Host host({"rsa", "ecdsa"});
    Talk talk(host);
    talk.step = 1;
    REQUIRE(talk.shake_hands());
    CHECK(talk.server->peer().version == Version::tls_1_3);
    const std::string text(40000, 'x');
    CHECK(talk.client->write(text, talk.to_server) == Progress::done);
    std::string got;
    for (const char c : talk.to_server) {
        std::string one(1, c);
        got += read_all(*talk.server, one, talk.to_client);
        CHECK(one.empty());
    }
    CHECK(got == text);
}

TEST_CASE("a large text travels in records of 16 KiB and is read into small room", "[ssl]") {
    Host host;
    Talk talk(host);
    REQUIRE(talk.shake_hands());
    std::string text(100000, ' ');
    for (std::size_t i = 0; i < text.size(); ++i)
        text[i] = static_cast<char>(i * 31);
    CHECK(talk.server->write(text, talk.to_client) == Progress::done);
    CHECK(talk.to_client.size() < text.size() + 10 * 40);

    std::string got;
    std::array<char, 1000> room{};
    std::string_view input = talk.to_client;
    while (!input.empty() || talk.client->has_plain()) {
        const auto read = talk.client->read(input, room, talk.to_server);
        got.append(room.data(), read.bytes);
        CHECK((read.progress == Progress::done) == (read.bytes == room.size()));
    }
    CHECK(got == text);
}

TEST_CASE("bytes behind the handshake are left to read()", "[ssl]") {
    Host host;
    Talk talk(host);
    REQUIRE(Talk::turn(*talk.client, talk.to_client, talk.to_server, 0) == Progress::want_input);
    REQUIRE(Talk::turn(*talk.server, talk.to_server, talk.to_client, 1 << 20) ==
            Progress::want_input);
    REQUIRE(Talk::turn(*talk.client, talk.to_client, talk.to_server, 1 << 20) == Progress::done);
    CHECK(talk.client->write("EHLO a\r\n", talk.to_server) == Progress::done);
    REQUIRE(Talk::turn(*talk.server, talk.to_server, talk.to_client, 1 << 20) == Progress::done);
    CHECK_FALSE(talk.to_server.empty());
    CHECK(read_all(*talk.server, talk.to_server, talk.to_client) == "EHLO a\r\n");
}

TEST_CASE("a close_notify is told from silence", "[ssl]") {
    Host host;
    Talk talk(host);
    REQUIRE(talk.shake_hands());
    auto progress = Progress::done;
    CHECK(read_all(*talk.server, talk.to_server, talk.to_client, &progress).empty());
    CHECK(progress == Progress::want_input);

    CHECK(talk.client->write("QUIT\r\n", talk.to_server) == Progress::done);
    talk.client->close(talk.to_server);
    CHECK(read_all(*talk.server, talk.to_server, talk.to_client, &progress) == "QUIT\r\n");
    CHECK(progress == Progress::closed);
    CHECK(talk.server->error().cause == Cause::closed);

    SECTION("and can be answered") {
        talk.to_client.clear();
        talk.server->close(talk.to_client);
        CHECK_FALSE(talk.to_client.empty());
        CHECK(read_all(*talk.client, talk.to_client, talk.to_server, &progress).empty());
        CHECK(progress == Progress::closed);
        CHECK(talk.to_client.empty());
    }
    SECTION("after which nothing is written") {
        CHECK(talk.client->write("late", talk.to_server) == Progress::failed);
        CHECK(talk.to_server.empty());
    }
}

TEST_CASE("the certificate follows the name that the client asks for", "[ssl]") {
    Host host({"ecdsa", "other-name"});
    struct Row {
        std::string_view name;
        std::size_t certificate;
        bool matched;
    };
    const auto row = GENERATE(Row{"mx.example.org", 0, true},
                              Row{"MX.Example.NET", 1, true},
                              Row{"a.mail.example.org", 0, true},
                              Row{"elsewhere.example", 0, false},
                              Row{"192.0.2.1", 0, true},
                              Row{"192.0.2.2", 0, false});
    CAPTURE(row.name);
    Talk talk(host, row.name);
    REQUIRE(talk.shake_hands());
    CHECK(talk.server->peer().own_certificate == row.certificate);
    CHECK(talk.client->peer().name_matched == row.matched);
    CHECK(talk.client->peer().chain == ChainVerdict::trusted);
    CHECK(talk.server->peer().chain == ChainVerdict::none_presented);
}

TEST_CASE("the server knows the asked name in lower case; an address is never sent", "[ssl]") {
    Host host;
    Talk named(host, "MX.Example.ORG");
    REQUIRE(named.shake_hands());
    CHECK(named.server->peer().sni == "mx.example.org");
    Talk literal(host, "192.0.2.1");
    REQUIRE(literal.shake_hands());
    CHECK(literal.server->peer().sni.empty());
}

TEST_CASE("every kind of certificate serves", "[ssl]") {
    const std::string name = GENERATE("ecdsa", "ecdsa384", "rsa");
    CAPTURE(name);
    Host host({name});
    Talk talk(host);
    REQUIRE(talk.shake_hands());
    CHECK(talk.client->peer().chain == ChainVerdict::trusted);
    CHECK(talk.client->peer().name_matched);
}

TEST_CASE("the verdict on a chain is a fact, never an end", "[ssl]") {
    struct Row {
        std::string name;
        ChainVerdict chain;
        bool matched;
    };
    const auto row = GENERATE(Row{"self-signed", ChainVerdict::self_signed, true},
                              Row{"unknown-ca", ChainVerdict::unknown_ca, true},
                              Row{"incomplete", ChainVerdict::incomplete, true},
                              Row{"expired", ChainVerdict::expired, true},
                              Row{"not-yet-valid", ChainVerdict::not_yet_valid, true},
                              Row{"common-name-only", ChainVerdict::trusted, false},
                              Row{"other-name", ChainVerdict::trusted, false});
    CAPTURE(row.name);
    Host host({row.name});
    Talk talk(host);
    REQUIRE(talk.shake_hands());
    CHECK(talk.client->peer().chain == row.chain);
    CHECK(talk.client->peer().name_matched == row.matched);
    CHECK(talk.client->write("still works", talk.to_server) == Progress::done);
    CHECK(read_all(*talk.server, talk.to_server, talk.to_client) == "still works");
}

TEST_CASE("a stranger's CA met on one connection is not believed on the next", "[ssl]") {
    Host host({"unknown-ca"});
    for (int i = 0; i < 2; ++i) {
        Talk talk(host);
        REQUIRE(talk.shake_hands());
        CHECK(talk.client->peer().chain == ChainVerdict::unknown_ca);
    }
    host.serve({"ecdsa"}); // its intermediate is sent, and must not be remembered either
    Talk complete(host);
    REQUIRE(complete.shake_hands());
    CHECK(complete.client->peer().chain == ChainVerdict::trusted);
    host.serve({"incomplete"});
    Talk incomplete(host);
    REQUIRE(incomplete.shake_hands());
    CHECK(incomplete.client->peer().chain == ChainVerdict::incomplete);
}

TEST_CASE("without a trust store nothing is trusted, and the fault is ours", "[ssl]") {
    Host host;
    host.client = ClientContext::make({}, nullptr).value();
    Talk talk(host);
    REQUIRE(talk.shake_hands());
    CHECK(talk.client->peer().chain == ChainVerdict::store_unusable);
    CHECK(talk.client->peer().name_matched);
}

TEST_CASE("a session outlives the context it began with", "[ssl]") {
    Host host;
    Talk talk(host);
    SECTION("after the handshake") {
        REQUIRE(talk.shake_hands());
        host.serve({"rsa"});
        host.client.reset();
    }
    SECTION("in the middle of it") {
        REQUIRE(Talk::turn(*talk.client, talk.to_client, talk.to_server, 0) ==
                Progress::want_input);
        host.serve({"rsa"});
        host.client.reset();
        REQUIRE(Talk::turn(*talk.server, talk.to_server, talk.to_client, 1 << 20) ==
                Progress::want_input);
        REQUIRE(talk.shake_hands());
    }
    CHECK(talk.client->write("a", talk.to_server) == Progress::done);
    CHECK(read_all(*talk.server, talk.to_server, talk.to_client) == "a");
}

} // namespace postern::ssl::testing
