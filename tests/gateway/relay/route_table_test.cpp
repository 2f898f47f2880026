#include "gateway/relay/route_table.h"

#include <catch2/catch.hpp>

#include <map>
#include <memory>

#include "tests/gateway/io/loop.h"

namespace postern::relay::test {
namespace {

using smtp::Extension;
using smtp::Extensions;

// Hosts that are never called: only their health counts here.
struct Hosts {
    io::test::Loop loop;
    Environment environment{
        .ring = loop.ring(), .hostname = {}, .tls = nullptr, .bounds = {}, .counts = {}};
    Hop a{environment, {}};
    Hop b{environment, {}};
    Hop c{environment, {}};

    [[nodiscard]] std::string order(RouteHops& route) const {
        std::string names;
        for (const Hop* hop : route.in_turn()) {
            names += hop == &a ? 'a' : hop == &b ? 'b' : 'c';
        }
        return names;
    }
    // Who comes first, again and again.
    [[nodiscard]] std::string turns(RouteHops& route, int count) const {
        std::string names;
        while (count-- > 0) {
            names += order(route).substr(0, 1);
        }
        return names;
    }
};

} // namespace

TEST_CASE("hosts of equal weight take turns") {
    Hosts hosts;
    RouteHops route{{{.hop = &hosts.a}, {.hop = &hosts.b}, {.hop = &hosts.c}}};
    CHECK(hosts.turns(route, 6) == "abcabc");
}

TEST_CASE("every host gets the share of its weight, evenly interleaved") {
    Hosts hosts;
    RouteHops route{{{.hop = &hosts.a, .weight = 5}, {.hop = &hosts.b}, {.hop = &hosts.c}}};
    CHECK(hosts.turns(route, 14) == "aabacaaaabacaa");
}

TEST_CASE("the others follow as those to try when the first cannot be reached") {
    Hosts hosts;
    RouteHops route{{{.hop = &hosts.a}, {.hop = &hosts.b}, {.hop = &hosts.c}}};
    CHECK(hosts.order(route) == "abc");
    CHECK(hosts.order(route) == "bca");
}

TEST_CASE("a backup comes last, and first only while nobody else is usable") {
    Hosts hosts;
    RouteHops route{
        {{.hop = &hosts.a, .weight = 1000, .backup = true}, {.hop = &hosts.b}, {.hop = &hosts.c}}};
    CHECK(hosts.order(route) == "bca");
    CHECK(hosts.order(route) == "cba");
    hosts.b.failed();
    CHECK(hosts.order(route) == "ca");
    hosts.c.failed();
    CHECK(hosts.order(route) == "a");
    hosts.c.succeeded({});
    CHECK(hosts.order(route) == "ca");
}

TEST_CASE("backups are tried in the order of the file") {
    Hosts hosts;
    RouteHops route{{{.hop = &hosts.b, .backup = true}, {.hop = &hosts.a, .backup = true}}};
    CHECK(hosts.order(route) == "ba");
    CHECK(hosts.order(route) == "ba");
}

TEST_CASE("a host that backs off is left out, and has no turns to make up for afterwards") {
    Hosts hosts;
    RouteHops route{{{.hop = &hosts.a}, {.hop = &hosts.b}}};
    hosts.b.failed();
    CHECK(hosts.turns(route, 20) == std::string(20, 'a'));
    hosts.b.succeeded({});
    const std::string after = hosts.turns(route, 10);
    CHECK(std::ranges::count(after, 'b') == 5);
}

TEST_CASE("a route whose hosts all back off has nobody to try") {
    Hosts hosts;
    RouteHops route{{{.hop = &hosts.a}, {.hop = &hosts.b, .backup = true}}};
    hosts.a.failed();
    hosts.b.failed();
    CHECK(route.in_turn().empty());
    RouteHops without_hosts{{}};
    CHECK(without_hosts.in_turn().empty());
}

TEST_CASE("a table finds its routes' hosts, and its hosts know that it names them") {
    Hosts hosts;
    const policy::Route one;
    const policy::Route other;
    {
        RouteTable table{{{&one, RouteHops{{{.hop = &hosts.a}}}},
                          {&other, RouteHops{{{.hop = &hosts.a}, {.hop = &hosts.b}}}}}};
        CHECK(hosts.order(table.of(one)) == "a");
        CHECK(hosts.order(table.of(other)) == "ab");
        CHECK(hosts.a.tables == 2);
        CHECK(hosts.b.tables == 1);
    }
    CHECK(hosts.a.tables == 0);
    CHECK(hosts.b.tables == 0);
}

TEST_CASE("what is offered is what every host takes that was ever reached") {
    Hosts hosts;
    const policy::Route one;
    const policy::Route other;
    const RouteTable table{
        {{&one, RouteHops{{{.hop = &hosts.a}}}}, {&other, RouteHops{{{.hop = &hosts.b}}}}}};
    const Extensions ours =
        Extensions{}.add_size(1000).add(Extension::smtputf8).add(Extension::eight_bit_mime);
    CHECK(table.common_extensions(ours) == ours); // nobody is known yet
    hosts.a.succeeded(Extensions{}.add_size(700).add(Extension::smtputf8).add(Extension::dsn));
    hosts.b.succeeded(Extensions{}.add_size(5000).add(Extension::eight_bit_mime));
    const Extensions offered = table.common_extensions(ours);
    CHECK(offered.size_max() == 700);
    CHECK_FALSE(offered.has(Extension::smtputf8));
    CHECK_FALSE(offered.has(Extension::eight_bit_mime));
    CHECK_FALSE(offered.has(Extension::dsn));
}

} // namespace postern::relay::test
