#include "gateway/io/endpoint.h"

#include <string>

#include "tests/gateway/io/loop.h"

namespace postern::io {
namespace {

std::string_view operator""_bytes(const char* text, std::size_t size) { return {text, size}; }

} // namespace

TEST_CASE("an address with its port is read and written again") {
    struct Row {
        std::string_view text;
        std::string_view address;
        std::uint16_t port;
        std::string_view written;
    };
    const auto row = GENERATE(values<Row>({
        {"192.0.2.1:25", "192.0.2.1", 25, "192.0.2.1:25"},
        {"0.0.0.0:0", "0.0.0.0", 0, "0.0.0.0:0"},
        {"255.255.255.255:65535", "255.255.255.255", 65535, "255.255.255.255:65535"},
        {"[2001:db8::1]:25", "2001:db8::1", 25, "[2001:db8::1]:25"},
        {"[2001:DB8:0:0:0:0:0:1]:587", "2001:db8::1", 587, "[2001:db8::1]:587"},
        {"[::]:25", "::", 25, "[::]:25"},
        {"[::1]:1", "::1", 1, "[::1]:1"},
        // What an IPv6 socket calls an IPv4 client is that client.
        {"[::ffff:192.0.2.1]:25", "192.0.2.1", 25, "192.0.2.1:25"},
        {"[::ffff:c000:201]:25", "192.0.2.1", 25, "192.0.2.1:25"},
        {"[::fffe:192.0.2.1]:25", "::fffe:c000:201", 25, "[::fffe:c000:201]:25"},
    }));
    CAPTURE(row.text);
    const auto endpoint = Endpoint::parse(row.text);
    REQUIRE(endpoint);
    CHECK(endpoint->address() == row.address);
    CHECK(endpoint->port() == row.port);
    CHECK(endpoint->text() == row.written);
    CHECK(endpoint->is_ipv6() == (row.written.front() == '['));
    CHECK(Endpoint::parse(endpoint->text()) == endpoint);
    CHECK(Endpoint::parse(row.address, row.port) == endpoint);
}

TEST_CASE("what is not an address with a port is not read as one") {
    const auto text = GENERATE(values<std::string_view>({
        "",
        ":",
        ":25",
        "192.0.2.1",
        "192.0.2.1:",
        "192.0.2.1:65536",
        "192.0.2.1:-1",
        "192.0.2.1:+25",
        "192.0.2.1: 25",
        "192.0.2.1:25 ",
        "192.0.2.1:0x19",
        "192.0.2.1:smtp",
        " 192.0.2.1:25",
        "192.0.2:25",
        "192.0.2.256:25",
        "192.0.2.1.1:25",
        "192.0.2.1:25:25",
        "localhost:25",
        "[192.0.2.1]:25",
        "2001:db8::1:25",
        "2001:db8::1",
        "[2001:db8::1]",
        "[2001:db8::1]25",
        "[2001:db8::1:25",
        "2001:db8::1]:25",
        "[[2001:db8::1]]:25",
        "[2001:db8::g]:25",
        "[1:2:3:4:5:6:7:8:9]:25",
        "[fe80::1%lo]:25",
        "[]:25",
        "[:25",
        "]:25",
        "192.0.2.1\0:25"_bytes,
        "192.0.2.1\0.example:25"_bytes,
        "[2001:db8::1\0]:25"_bytes,
        "192.0.2.1:25\0"_bytes,
    }));
    CAPTURE(text);
    CHECK_FALSE(Endpoint::parse(text));
}

TEST_CASE("an address alone is read with a port beside it, never in it") {
    const auto text = GENERATE(values<std::string_view>(
        {"", "192.0.2.1:25", "[2001:db8::1]", "2001:db8::1 ", "host", "::1\0"_bytes}));
    CAPTURE(text);
    CHECK_FALSE(Endpoint::parse(text, 25));
}

TEST_CASE("endpoints are equal when address and port are, however the address was written") {
    const auto v4 = Endpoint::parse("192.0.2.1:25").value();
    const auto mapped = Endpoint::parse("[::ffff:192.0.2.1]:25").value();
    CHECK(v4 == mapped);
    CHECK(v4.key() == mapped.key());
    CHECK(v4.key().size() == 16);
    CHECK(v4.family() == AF_INET);
    CHECK(v4.size() == sizeof(sockaddr_in));
    CHECK(mapped.family() == AF_INET6); // as the socket wants it
    CHECK(mapped.size() == sizeof(sockaddr_in6));

    CHECK_FALSE(v4 == Endpoint::parse("192.0.2.1:26").value());
    CHECK_FALSE(v4 == Endpoint::parse("192.0.2.2:25").value());
    CHECK(v4.key() == Endpoint::parse("192.0.2.1:26").value().key());
    CHECK_FALSE(v4 == Endpoint::parse("[2001:db8::1]:25").value());
}

TEST_CASE("an empty endpoint is nobody") {
    const Endpoint nobody;
    CHECK(nobody.address().empty());
    CHECK(nobody.port() == 0);
    CHECK(nobody.size() == 0);
    CHECK_FALSE(nobody.is_ipv6());
}

TEST_CASE("both ends of a connection know each other") {
    const test::Ends ends = test::tcp_ends();
    const Endpoint local = Endpoint::local_of(ends.one.get());
    CHECK(local.address() == "127.0.0.1");
    CHECK(local.port() != 0);
    CHECK(Endpoint::peer_of(ends.other.get()) == local);
    CHECK(Endpoint::peer_of(ends.one.get()) == Endpoint::local_of(ends.other.get()));
}

TEST_CASE("who is not connected has no peer, and what is closed no address") {
    Descriptor listening = test::listening();
    CHECK(Endpoint::peer_of(listening.get()) == Endpoint{});
    CHECK_FALSE(Endpoint::local_of(listening.get()) == Endpoint{});
    CHECK(Endpoint::local_of(-1) == Endpoint{});
}

TEST_CASE("an IPv4 client of an IPv6 listener is known by its IPv4 address") {
    const auto listening = listen_on(Endpoint::parse("[::]:0").value(), 8);
    if (!listening) return; // a machine without IPv6
    const std::uint16_t port = Endpoint::local_of(listening->get()).port();
    const Endpoint address = Endpoint::parse("127.0.0.1", port).value();
    const Descriptor client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(::connect(client.get(), address.data(), address.size()) == 0);
    const Descriptor accepted{::accept4(listening->get(), nullptr, nullptr, SOCK_CLOEXEC)};
    const Endpoint peer = Endpoint::peer_of(accepted.get());
    CHECK(peer.family() == AF_INET6);
    CHECK(peer.address() == "127.0.0.1");
    CHECK(peer == Endpoint::local_of(client.get()));
}

} // namespace postern::io
