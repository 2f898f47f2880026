#include "tests/ssl/support.h"

// What a stranger may send to ssl/engine.h instead of what he should.

namespace postern::ssl::testing {

namespace {

using namespace std::string_literals;

struct End {
    Progress progress = Progress::want_input;
    Cause cause = Cause::none;
    std::string output;
};

// A fresh server that is fed `bytes`, `step` at a time.
End feed(Host& host, const std::string& bytes, std::size_t step) {
    const auto server = Engine::server(*host.server).value();
    End end;
    for (std::size_t at = 0; at < bytes.size() && end.progress == Progress::want_input;
         at += step) {
        auto input = std::string_view(bytes).substr(at, step);
        end.progress = server->handshake(input, end.output);
    }
    end.cause = server->error().cause;
    return end;
}

std::string record(char type, const std::string& body) {
    std::string result{type, '\x03', '\x03'};
    result += static_cast<char>(body.size() >> 8);
    result += static_cast<char>(body.size() & 0xff);
    return result + body;
}

// The handshake message that our client begins with.
std::string hello_message(Host& host) {
    Talk talk(host);
    REQUIRE(Talk::turn(*talk.client, talk.to_client, talk.to_server, 0) == Progress::want_input);
    return talk.to_server.substr(5);
}

} // namespace

TEST_CASE("what is no ClientHello ends the handshake, in whatever pieces it comes", "[ssl]") {
    Host host;
    const auto hello = hello_message(host);
    struct Row {
        std::string name;
        std::string bytes;
        Cause cause;
    };
    const Row row = GENERATE_COPY(
        values<Row>({{"smtp", "EHLO mx.example.org\r\n", Cause::not_tls},
                     {"http", "GET / HTTP/1.1\r\n\r\n", Cause::not_tls},
                     {"zeros", std::string(100, '\0'), Cause::not_tls},
                     {"SSL 2", "\x80\x2e\x01\x00\x02"s + std::string(50, 'x'), Cause::not_tls},
                     {"version 9", "\x16\x09\x01\x00\x05hello"s, Cause::not_tls},
                     {"empty record", record('\x16', ""), Cause::bad_hello},
                     {"huge record", "\x16\x03\x01\xff\xff"s, Cause::bad_hello},
                     {"another message", record('\x16', "\x02\x00\x00\x01x"s), Cause::bad_hello},
                     {"huge hello", record('\x16', "\x01\x00\x40\x01"s), Cause::bad_hello},
                     {"short hello", record('\x16', "\x01\x00\x00\x02\x03\x03"s), Cause::bad_hello},
                     {"more behind the hello", record('\x16', hello + "x"), Cause::bad_hello},
                     {"an alert", record('\x15', "\x02\x28"s), Cause::peer_alert},
                     {"a fat alert", record('\x15', "\x02\x28\x28"s), Cause::bad_hello}}));
    CAPTURE(row.name);
    const auto whole = feed(host, row.bytes, row.bytes.size());
    const auto pieces = feed(host, row.bytes, 1);
    CHECK(whole.progress == Progress::failed);
    CHECK(name(whole.cause) == name(row.cause));
    CHECK(pieces.progress == whole.progress);
    CHECK(pieces.cause == whole.cause);
    CHECK(pieces.output == whole.output);
    CHECK(whole.output.size() == (row.cause == Cause::peer_alert ? 0 : 7)); // an alert in clear
}

TEST_CASE("a ClientHello may come in as many records as it has bytes", "[ssl]") {
    Host host;
    const auto size = GENERATE(values<std::size_t>({1, 2, 3, 100}));
    Talk talk(host);
    REQUIRE(Talk::turn(*talk.client, talk.to_client, talk.to_server, 0) == Progress::want_input);
    std::string cut;
    const auto message = talk.to_server.substr(5);
    for (std::size_t at = 0; at < message.size(); at += size) {
        cut += record('\x16', message.substr(at, size));
    }
    talk.to_server = cut;
    CHECK(Talk::turn(*talk.server, talk.to_server, talk.to_client, cut.size()) ==
          Progress::want_input);
    CHECK(Talk::turn(*talk.client, talk.to_client, talk.to_server, 1 << 20) == Progress::done);
    CHECK(Talk::turn(*talk.server, talk.to_server, talk.to_client, 1 << 20) == Progress::done);
}

TEST_CASE("a truncated ClientHello is waited for", "[ssl]") {
    Host host;
    const auto bytes = record('\x16', hello_message(host));
    const auto end = feed(host, bytes.substr(0, bytes.size() - 1), 7);
    CHECK(end.progress == Progress::want_input);
    CHECK(end.cause == Cause::none);
    CHECK(end.output.empty());
}

TEST_CASE("after a failure every call says so, and takes nothing in", "[ssl]") {
    Host host;
    const auto server = Engine::server(*host.server).value();
    std::string output;
    std::string_view input = "EHLO a\r\n";
    CHECK(server->handshake(input, output) == Progress::failed);
    output.clear();
    input = "more";
    CHECK(server->handshake(input, output) == Progress::failed);
    std::array<char, 10> room{};
    CHECK(server->read(input, room, output).progress == Progress::failed);
    server->close(output);
    CHECK(output.empty());
    CHECK(server->error().cause == Cause::not_tls);
}

TEST_CASE("foreign bytes in an established session end it", "[ssl]") {
    const auto version = GENERATE(Version::tls_1_2, Version::tls_1_3);
    CAPTURE(text(version));
    const auto row = GENERATE(values<std::pair<std::string, std::string>>(
        {{"plain text", "QUIT\r\n"},
         {"a record that does not decrypt", record('\x17', std::string(40, 'x'))},
         {"a short record", record('\x17', "x")},
         {"an empty record", record('\x17', "")},
         {"a huge record", "\x17\x03\x03\xff\xff" + std::string(100, 'x')},
         {"a handshake message in clear", record('\x16', "\x00\x00\x00\x00"s)},
         {"an alert in clear", record('\x15', "\x02\x28"s)},
         {"an unknown record", record('\x63', "x")}}));
    CAPTURE(row.first);
    Host host;
    host.call_with({.maximum_version = version});
    Talk talk(host);
    REQUIRE(talk.shake_hands());
    talk.to_server += row.second + std::string(20000, 'x');
    auto progress = Progress::done;
    CHECK(read_all(*talk.server, talk.to_server, talk.to_client, &progress).empty());
    CHECK(progress == Progress::failed);
    CHECK_FALSE(is_ours(talk.server->error().cause));
    CHECK(talk.server->error().cause != Cause::none);
}

TEST_CASE("a record that was tampered with ends the session", "[ssl]") {
    Host host;
    Talk talk(host);
    REQUIRE(talk.shake_hands());
    CHECK(talk.client->write("MAIL FROM:<a@example.org>\r\n", talk.to_server) == Progress::done);
    talk.to_server.back() = static_cast<char>(talk.to_server.back() ^ 1);
    auto progress = Progress::done;
    CHECK(read_all(*talk.server, talk.to_server, talk.to_client, &progress).empty());
    CHECK(progress == Progress::failed);
    CHECK(talk.server->error().cause == Cause::bad_record);
}

TEST_CASE("records that carry nothing are borne for a while only", "[ssl]") {
    Host host;
    Talk talk(host);
    REQUIRE(Talk::turn(*talk.client, talk.to_client, talk.to_server, 0) == Progress::want_input);
    REQUIRE(Talk::turn(*talk.server, talk.to_server, talk.to_client, 1 << 20) ==
            Progress::want_input);
    // RFC 8446 5: change_cipher_spec records are to be dropped during the handshake.
    auto progress = Progress::want_input;
    std::size_t sent = 0;
    for (; sent < 5000 && progress == Progress::want_input; ++sent) {
        auto bytes = record('\x14', "\x01");
        progress = Talk::turn(*talk.server, bytes, talk.to_client, bytes.size());
    }
    CHECK(progress == Progress::failed);
    CHECK(sent < 2000);
}

} // namespace postern::ssl::testing
