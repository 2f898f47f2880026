#include "gateway/dns/mail_hosts.h"

#include <catch2/catch.hpp>

#include <set>

namespace postern::dns {
namespace {

using gateway::IpAddress;
using Names = std::vector<std::string>;

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

Ourselves ourselves() {
    return {.hostname = "Us.Example",
            .networks = {gateway::Network::parse("192.0.2.25").value(),
                         gateway::Network::parse("127.0.0.0/8").value()}};
}

std::expected<Names, Cause> tried(std::vector<Mx> records, unsigned seed = 1) {
    Shuffle shuffle{seed};
    const auto hosts = hosts_to_try(std::move(records), ourselves(), shuffle);
    if (!hosts) return std::unexpected(hosts.error());
    Names names;
    for (const Mx& mx : *hosts) {
        names.push_back(mx.host);
    }
    return names;
}

TEST_CASE("the best preference is tried first") {
    CHECK(tried({{20, "c"}, {0, "a"}, {10, "b"}, {65535, "d"}}) == Names{"a", "b", "c", "d"});
}

TEST_CASE("hosts of equal preference come in every order, as the seed has it, others in theirs") {
    std::set<Names> orders;
    for (unsigned seed = 1; seed <= 200; ++seed) {
        const auto names = tried({{10, "a"}, {5, "first"}, {10, "b"}, {10, "c"}, {20, "z"}}, seed);
        REQUIRE(names);
        CHECK(names->front() == "first");
        CHECK(names->back() == "z");
        orders.insert(*names);
        CHECK(names == tried({{20, "z"}, {10, "c"}, {10, "b"}, {5, "first"}, {10, "a"}}, seed));
    }
    CHECK(orders.size() == 6);
}

TEST_CASE("a host that is listed twice is tried once, where it is better") {
    CHECK(tried({{30, "a"}, {20, "b"}, {10, "a"}}) == Names{"a", "b"});
}

TEST_CASE("a domain with a null MX takes no mail, unless it has another MX too") {
    CHECK(tried({{0, ""}}) == std::unexpected(Cause::null_mx));
    CHECK(tried({{10, ""}}) == std::unexpected(Cause::null_mx));
    CHECK(tried({{0, ""}, {10, "a"}}) == Names{"a"});
}

TEST_CASE("MX records of which none could be read are unusable") {
    CHECK(tried({}) == std::unexpected(Cause::unusable));
}

TEST_CASE("when we are listed, only hosts better than ourselves are left") {
    CHECK(tried({{10, "a"}, {20, "us.example"}, {20, "b"}, {30, "c"}}) == Names{"a"});
    CHECK(tried({{10, "us.example"}, {10, "b"}, {20, "c"}}) == std::unexpected(Cause::loops_back));
    CHECK(tried({{10, "notus.example"}, {10, "example"}})->size() == 2);
}

TEST_CASE("of many hosts the best are tried") {
    std::vector<Mx> records;
    for (int number = 500; number > 0; --number) {
        records.push_back({.preference = static_cast<std::uint16_t>(number),
                           .host = "h" + std::to_string(number)});
    }
    const auto names = tried(records);
    REQUIRE(names);
    CHECK(names->size() == hosts_max);
    CHECK(names->front() == "h1");
    CHECK(names->back() == "h" + std::to_string(hosts_max));
}

TEST_CASE("addresses come from both families in turns, IPv6 first") {
    const std::vector v6{address("2001:db8::1"), address("2001:db8::2"), address("2001:db8::3")};
    const std::vector v4{address("192.0.2.1")};
    CHECK(in_turns(v6, v4) == std::vector{v6[0], v4[0], v6[1], v6[2]});
    CHECK(in_turns({}, v4) == v4);
    CHECK(in_turns(v6, {}) == v6);
    CHECK(in_turns({}, {}).empty());
}

TEST_CASE("a host has no more addresses than the bound, of both families") {
    const std::vector v6(addresses_per_host_max, address("2001:db8::1"));
    const std::vector v4(addresses_per_host_max + 1, address("192.0.2.1"));
    CHECK(in_turns(v6, {}).size() == addresses_per_host_max);
    CHECK(in_turns({}, v4).size() == addresses_per_host_max);
    const auto both = in_turns(v6, v4);
    CHECK(both.size() == addresses_per_host_max);
    CHECK(std::ranges::count_if(both, &IpAddress::is_ipv4) == addresses_per_host_max / 2);
}

TEST_CASE("hosts at our own address, and those no better, are cut") {
    const auto host = [](std::uint16_t preference, std::string_view at) {
        return MailHost{.name = "h", .preference = preference, .addresses = {address(at)}};
    };
    const std::string_view own = GENERATE("192.0.2.25", "127.9.9.9");
    std::vector hosts{host(10, "192.0.2.1"), host(20, "192.0.2.2"), host(20, own)};
    hosts.back().addresses.insert(hosts.back().addresses.begin(), address("2001:db8::1"));
    cut_at_ourselves(hosts, ourselves());
    REQUIRE(hosts.size() == 1);
    CHECK(hosts.front().preference == 10);

    std::vector others{host(10, "192.0.2.24"), host(20, "192.0.2.26")};
    cut_at_ourselves(others, ourselves());
    CHECK(others.size() == 2);
}

TEST_CASE("an address literal is its own host") {
    struct Row {
        std::string_view literal;
        std::string_view address;
    };
    const Row row = GENERATE(Row{"[192.0.2.1]", "192.0.2.1"},
                             Row{"[IPv6:2001:db8::1]", "2001:db8::1"},
                             Row{"[ipv6:2001:DB8::1]", "2001:db8::1"},
                             Row{"[IPv6:::ffff:192.0.2.1]", "192.0.2.1"});
    CAPTURE(row.literal);
    const auto found = hosts_of_literal(row.literal, ourselves());
    REQUIRE(found);
    CHECK(found->origin == Origin::literal);
    CHECK(found->dnssec == Dnssec::insecure);
    REQUIRE(found->hosts.size() == 1);
    CHECK(found->hosts.front().name == row.literal);
    CHECK(found->hosts.front().addresses == std::vector{address(row.address)});
}

TEST_CASE("a literal that is no address, nobody's or our own is no host") {
    struct Row {
        std::string_view literal;
        Cause cause;
    };
    const Row row = GENERATE(Row{"[", Cause::malformed},
                             Row{"[]", Cause::malformed},
                             Row{"[192.0.2.1", Cause::malformed},
                             Row{"[192.0.2.1]x", Cause::malformed},
                             Row{"[192.0.2]", Cause::malformed},
                             Row{"[2001:db8::1]", Cause::malformed},
                             Row{"[IPv6:192.0.2.1]", Cause::malformed},
                             Row{"[IPv6:]", Cause::malformed},
                             Row{"[IPv6:fe80::1%lo]", Cause::malformed},
                             Row{"[example.org]", Cause::malformed},
                             Row{"[0.0.0.0]", Cause::unusable},
                             Row{"[IPv6:ff02::1]", Cause::unusable},
                             Row{"[192.0.2.25]", Cause::loops_back},
                             Row{"[IPv6:::ffff:127.0.0.1]", Cause::loops_back});
    CAPTURE(row.literal);
    const auto found = hosts_of_literal(row.literal, ourselves());
    REQUIRE(!found);
    CHECK(found.error() == row.cause);
}

} // namespace
} // namespace postern::dns
