#include "policy/route.h"

#include <catch2/catch.hpp>

#include <string>

using namespace postern::policy;

TEST_CASE("a host is a name or an IP address, with a port or without") {
    const auto [text, address, port] = GENERATE(table<std::string, std::string, int>({
        {"Mail.Example.", "mail.example", 25},
        {"mail.example:2525", "mail.example", 2525},
        {"localhost:65535", "localhost", 65535},
        {"bücher.example:1", "xn--bcher-kva.example", 1},
        {"10.0.0.5", "10.0.0.5", 25},
        {"10.0.0.5:26", "10.0.0.5", 26},
        {"[2001:db8::1]:26", "2001:db8::1", 26},
        {"[2001:db8::1]", "2001:db8::1", 25},
        {"2001:db8::1", "2001:db8::1", 25},
    }));
    const auto host = route_host_of(text);
    REQUIRE(host);
    CHECK(host->address == address);
    CHECK(host->port == port);
    CHECK(host->weight == 1);
    CHECK_FALSE(host->backup);
}

TEST_CASE("what is no host or no port is refused") {
    const auto text = GENERATE(as<std::string>(),
                               "",
                               ":25",
                               "a:",
                               "a:0",
                               "a:65536",
                               "a:+1",
                               "a:25x",
                               "a b",
                               "10.0.0.256",
                               "[10.0.0.5]:25",
                               "[mail.example]",
                               "[2001:db8::1",
                               "[2001:db8::1]25",
                               "[2001:db8::1]:",
                               "2001:db8::x");
    INFO(text);
    const auto host = route_host_of(text);
    REQUIRE_FALSE(host);
    CHECK_FALSE(host.error().empty());
}

TEST_CASE("a route demands nothing unless TLS is required") {
    Route route;
    CHECK(route.demand() == Demand::none);
    route.tls_required = true;
    CHECK(route.demand() == Demand::tls);
    route.require_trusted_certificate = true;
    CHECK(route.demand() == Demand::tls_trusted);
    route.validate_certificate_hostname = true;
    CHECK(route.demand() == Demand::tls_trusted_host);
}
