#include "gateway/relay/host_addresses.h"
#include "gateway/relay/pool.h"
#include "policy/load.h"

#include <catch2/catch.hpp>

#include "tests/gateway/relay/core.h"

namespace postern::relay::test {
namespace {

using gateway::test::turn_until;

std::shared_ptr<const policy::Snapshot> policy_for(const NextHop& server,
                                                   const std::string& more = "") {
    auto loaded =
        policy::load_text("[[route]]\nname = \"a\"\ndomains = [\"example.org\"]\nhosts = [\"" +
                          server.endpoint().text() + "\"]\n" + more);
    INFO(loaded.mistakes.text());
    REQUIRE(loaded.snapshot);
    return loaded.snapshot;
}

} // namespace

TEST_CASE("a conversation given back is used for the next message") {
    io::test::Loop loop;
    NextHop server{loop};
    Core core{loop};
    RouteHops route{{core.host(server.target())}};
    auto first = core.take(route);
    REQUIRE(first);
    CHECK_FALSE(first->reused());
    core.pool.give_back(std::move(*first));
    const auto second = core.take(route);
    REQUIRE(second);
    CHECK(second->reused());
    CHECK(server.connections == 1);
    CHECK(core.environment.counts.reused == 1);
}

TEST_CASE("transactions at the same time have a conversation each") {
    io::test::Loop loop;
    NextHop server{loop};
    Core core{loop};
    RouteHops route{{core.host(server.target())}};
    const auto one = core.take(route);
    const auto other = core.take(route);
    CHECK((one && other));
    CHECK(server.connections == 2);
    CHECK(core.hops[0]->in_use() == 2);
}

TEST_CASE("a lease that is not given back ends its conversation") {
    io::test::Loop loop;
    NextHop server{loop};
    Core core{loop};
    RouteHops route{{core.host(server.target())}};
    {
        const auto lease = core.take(route);
    }
    CHECK(core.hops[0]->in_use() == 0);
    turn_until(loop, [&] { return server.open() == 0; });
    CHECK(core.environment.counts.active == 0);
}

TEST_CASE("who wants a fresh conversation gets one") {
    io::test::Loop loop;
    NextHop server{loop};
    Core core{loop};
    RouteHops route{{core.host(server.target())}};
    core.pool.give_back(core.take(route).value());
    const auto fresh = core.take(route, Pool::Use::fresh);
    REQUIRE(fresh);
    CHECK_FALSE(fresh->reused());
    CHECK(server.connections == 2);
}

TEST_CASE("a host that is down is left to its back-off, and the backup takes the mail") {
    io::test::Loop loop;
    NextHop server{loop};
    const NobodyThere nobody;
    Core core{loop};
    auto backup = core.host(server.target());
    backup.backup = true;
    RouteHops route{{core.host(nobody.target()), backup}};
    auto lease = core.take(route);
    REQUIRE(lease);
    CHECK(lease->hop().target().key() == server.target().key());
    CHECK(core.environment.counts.failed == 1);
    core.pool.give_back(std::move(*lease));
    REQUIRE(core.take(route));
    CHECK(core.environment.counts.failed == 1); // it was not asked again
}

TEST_CASE("with every host down the last failure is told, and then that there is none to try") {
    io::test::Loop loop;
    const NobodyThere nobody;
    Core core{loop};
    RouteHops route{{core.host(nobody.target())}};
    const auto first = core.take(route);
    REQUIRE_FALSE(first);
    CHECK(first.error().cause == Cause::unreachable);
    CHECK(first.error().detail.starts_with(nobody.target().endpoint.text() + ": "));
    CHECK(core.take(route).error().cause == Cause::none_usable);
    CHECK(core.hops[0]->in_use() == 0);
}

TEST_CASE("whoever finds all conversations in use waits for one, and is told when none comes") {
    io::test::Loop loop;
    NextHop server{loop};
    Core core{loop};
    core.environment.bounds.conversations_max = 1;
    RouteHops route{{core.host(server.target())}};
    auto lease = core.take(route);
    SECTION("one comes, and is used again") {
        std::optional<std::expected<Lease, Failure>> later;
        loop.spawn(gateway::test::keep(core.pool.take(route, client, Pool::Use::any), later));
        CHECK_FALSE(later);
        core.pool.give_back(std::move(*lease));
        loop.finish();
        REQUIRE(later->has_value());
        CHECK(server.connections == 1);
    }
    SECTION("none comes") {
        core.environment.bounds.free_wait = io::Duration{2};
        CHECK(core.take(route).error().cause == Cause::busy);
        CHECK(server.connections == 1);
    }
    SECTION("a fresh one takes the place of an idle one") {
        core.pool.give_back(std::move(*lease));
        const auto fresh = core.take(route, Pool::Use::fresh);
        CHECK(fresh.has_value());
        turn_until(loop, [&] { return server.open() == 1; });
        CHECK(server.connections == 2);
    }
}

TEST_CASE("a conversation in a transaction is reset before it is used again") {
    io::test::Loop loop;
    NextHop server{loop};
    Core core{loop};
    RouteHops route{{core.host(server.target())}};
    const std::string reply = GENERATE("250 ok", "500 what?", "421 bye");
    server.says["RSET"] = reply;
    auto lease = core.take(route);
    (*lease)->state().mail({.code = 250, .lines = {"ok"}});
    core.pool.reset_and_give_back(std::move(*lease));
    turn_until(loop, [&] { return core.hops[0]->in_use() == 0; });
    CHECK(server.heard[1] == "RSET");
    CHECK(core.hops[0]->idle() == (reply == "250 ok" ? 1U : 0U));
}

TEST_CASE("what was introduced by PROXY as one client's is no other client's") {
    io::test::Loop loop;
    NextHop server{loop};
    server.expects_proxy = true;
    Core core{loop};
    Target target = server.target();
    target.announce = policy::AnnounceClient::proxy;
    RouteHops route{{core.host(target)}};
    core.pool.give_back(core.take(route).value());
    turn_until(loop, [&] { return server.open() == 0; });
    CHECK(server.heard ==
          Lines{"PROXY TCP4 192.0.2.7 192.0.2.1 4711 25", "EHLO gateway.example.org", "QUIT"});
}

TEST_CASE("a new host is asked what it offers, before there is mail for it") {
    io::test::Loop loop;
    NextHop server{loop};
    server.offers = {"SIZE 4711"};
    Core core{loop};
    const auto policy = policy_for(server);
    const auto addresses = HostAddresses::resolve(*policy, nullptr);
    const auto table = core.pool.table_for(*policy, addresses);
    RouteHops& route = table->of(*policy->parts().routes[0]);
    turn_until(loop, [&] { return route.entries()[0].hop->idle() == 1; });
    CHECK(table->common_extensions(smtp::Extensions{}.add_size(9999)).size_max() == 4711);
    CHECK(core.take(route)->reused());
}

TEST_CASE("a host keeps its conversations over a new policy, and is forgotten with the last one") {
    io::test::Loop loop;
    NextHop server{loop};
    Core core{loop};
    const auto policy = policy_for(server);
    const auto addresses = HostAddresses::resolve(*policy, nullptr);
    auto before = core.pool.table_for(*policy, addresses);
    turn_until(loop, [&] { return core.environment.counts.idle == 1; });
    auto after = core.pool.table_for(*policy, addresses);
    before.reset();
    core.pool.drop_unused();
    CHECK(core.environment.counts.idle == 1);
    after.reset();
    core.pool.drop_unused();
    CHECK(core.environment.counts.idle == 0);
    turn_until(loop, [&] { return server.open() == 0; });
    CHECK(server.heard.back() == "QUIT");
}

TEST_CASE("another demand or server name is another host, with conversations of its own") {
    io::test::Loop loop;
    NextHop server{loop};
    Core core{loop};
    const auto policy =
        policy_for(server,
                   "[[route]]\nname = \"b\"\ndomains = [\"example.net\"]\nserver_name = "
                   "\"mx.example.net\"\nhosts = [\"" +
                       server.endpoint().text() + "\"]\n");
    const auto addresses = HostAddresses::resolve(*policy, nullptr);
    const auto table = core.pool.table_for(*policy, addresses);
    const auto& routes = policy->parts().routes;
    CHECK(table->of(*routes[0]).entries()[0].hop != table->of(*routes[1]).entries()[0].hop);
    turn_until(loop, [&] { return core.environment.counts.idle == 2; });
}

TEST_CASE("what is idle beyond its bound is ended, politely, without anybody asking") {
    io::test::Loop loop;
    NextHop server{loop};
    Core core{loop};
    const auto policy = policy_for(server);
    const auto table = core.pool.table_for(*policy, HostAddresses::resolve(*policy, nullptr));
    turn_until(loop, [&] { return core.environment.counts.idle == 1; });
    core.environment.bounds.idle = io::Duration{0};
    turn_until(loop, [&] { return server.open() == 0; });
    CHECK(server.heard.back() == "QUIT");
    CHECK(core.environment.counts.active == 0);
}

TEST_CASE("a pool that stops says goodbye, and keeps nothing that is given back later") {
    io::test::Loop loop;
    NextHop server{loop};
    Core core{loop};
    const auto policy = policy_for(server);
    const auto table = core.pool.table_for(*policy, HostAddresses::resolve(*policy, nullptr));
    RouteHops& route = table->of(*policy->parts().routes[0]);
    turn_until(loop, [&] { return core.environment.counts.idle == 1; });
    auto lease = core.take(route, Pool::Use::fresh);
    loop.run(core.pool.stop());
    CHECK(server.heard.back() == "QUIT");
    CHECK(core.environment.counts.idle == 0);
    core.pool.give_back(std::move(*lease));
    CHECK(core.environment.counts.idle == 0);
}

} // namespace postern::relay::test
