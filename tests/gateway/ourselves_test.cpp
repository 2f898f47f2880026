#include "gateway/ourselves.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

namespace postern::gateway::test {
namespace {

Settings listening_on(const std::string& address, std::uint16_t port = 25) {
    Settings settings;
    settings.hostname = "mx1.example.org";
    settings.delivery.port = port;
    settings.listeners.push_back(
        {.name = "mx", .address = address, .address_place = {}, .proxies = {}, .clients = {}});
    return settings;
}

bool is_ours(const Settings& settings, std::string_view address) {
    const dns::Ourselves ourselves = ourselves_of(settings);
    return std::ranges::any_of(ourselves.networks, [&](const Network& network) {
        return network.contains(IpAddress::parse(address).value());
    });
}

} // namespace

TEST_CASE("we are our name, and where we listen for mail") {
    const Settings settings = listening_on("192.0.2.1:25");
    CHECK(ourselves_of(settings).hostname == "mx1.example.org");
    CHECK(is_ours(settings, "192.0.2.1"));
    CHECK_FALSE(is_ours(settings, "192.0.2.2"));
    CHECK_FALSE(is_ours(settings, "127.0.0.1"));
}

TEST_CASE("a listener on all addresses is on those of every interface") {
    for (const std::string address : {"[::]:25", "0.0.0.0:25"}) {
        CAPTURE(address);
        CHECK(is_ours(listening_on(address), "127.0.0.1"));
        CHECK(is_ours(listening_on(address), "127.8.9.10"));
        CHECK(is_ours(listening_on(address), "::1"));
        CHECK_FALSE(is_ours(listening_on(address), "192.0.2.1"));
    }
}

TEST_CASE("another port is another server") {
    CHECK_FALSE(is_ours(listening_on("192.0.2.1:587"), "192.0.2.1"));
    // Other hosts may be sent to it by one that has the port.
    CHECK(ourselves_of(listening_on("192.0.2.1:587")).hostname == "mx1.example.org");
    Settings submission = listening_on("192.0.2.1:587");
    submission.listeners.front().direction = Direction::outbound;
    CHECK(ourselves_of(submission).hostname.empty());
    submission.delivery.port = 587;
    CHECK(ourselves_of(submission).hostname == "mx1.example.org");
    CHECK(is_ours(listening_on("192.0.2.1:2525", 2525), "192.0.2.1"));
}

TEST_CASE("a resolver is made anew when what it goes by has changed") {
    const Settings settings = listening_on("192.0.2.1:25");
    CHECK(resolver_print(settings) == resolver_print(listening_on("192.0.2.1:25")));
    CHECK(resolver_print(settings) != resolver_print(listening_on("192.0.2.2:25")));
    CHECK(resolver_print(settings) != resolver_print(listening_on("192.0.2.1:25", 26)));
    Settings other = settings;
    other.listeners.front().direction = Direction::outbound;
    CHECK(resolver_print(settings) != resolver_print(other));
    other = settings;
    other.dns.refuse_bogus = true;
    CHECK(resolver_print(settings) != resolver_print(other));
    other = settings;
    other.dns.servers.push_back(IpEndpoint::parse("192.0.2.53:53").value());
    CHECK(resolver_print(settings) != resolver_print(other));
    other = settings;
    other.hostname = "mx2.example.org";
    CHECK(resolver_print(settings) != resolver_print(other));
}

} // namespace postern::gateway::test
