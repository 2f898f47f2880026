#include "gateway/deliver/kept_conversations.h"

#include <catch2/catch.hpp>

#include "tests/gateway/deliver/hosts.h"

namespace postern::deliver::test {
namespace {

struct Kept {
    World world;
    NextHop& server = world.host();
    KeptConversations kept{world.environment};

    ~Kept() { world.loop.run(kept.end()); }
    relay::Target target(Demand demand = Demand::none) {
        const Host& host = world.to.way.hosts.front();
        return {.endpoint = host.endpoint,
                .server_name = host.name,
                .required = {.demand = demand, .floor = TlsVersion::none}};
    }
    std::unique_ptr<relay::Conversation> opened(Demand demand = Demand::none) {
        const relay::Target to = target(demand);
        return awaited(world.loop, relay::Conversation::open(world.environment, to, nullptr))
            .value();
    }
};

} // namespace

TEST_CASE("a conversation is kept for its host, name and demand, and for no other (O18)") {
    Kept test;
    test.kept.keep(test.target(Demand::tls), test.opened(Demand::tls));
    CHECK(test.kept.take(test.target()) == nullptr);
    CHECK(test.kept.take(test.target(Demand::tls_trusted)) == nullptr);
    relay::Target another_name = test.target(Demand::tls);
    another_name.server_name = "mail.example.org";
    CHECK(test.kept.take(another_name) == nullptr);
    CHECK(test.kept.take(test.target(Demand::tls)) != nullptr);
    CHECK(test.kept.take(test.target(Demand::tls)) == nullptr);
    CHECK(test.kept.kept() == 0);
}

TEST_CASE("nobody's conversation ends with QUIT: after a moment, many messages, or new settings") {
    Kept test;
    auto conversation = test.opened();
    SECTION("a moment") { test.kept.keep(test.target(), std::move(conversation)); }
    SECTION("a hundred messages") {
        for (int count = 1; count < 100; ++count) {
            test.kept.keep(test.target(), std::move(conversation));
            conversation = test.kept.take(test.target());
            REQUIRE(conversation);
        }
        test.kept.keep(test.target(), std::move(conversation));
        CHECK(test.kept.kept() == 0);
    }
    SECTION("new settings") {
        test.kept.keep(test.target(), std::move(conversation));
        test.kept.drop();
        CHECK(test.kept.kept() == 0);
    }
    gateway::test::turn_until(test.world.loop, [&] { return test.server.open() == 0; });
    CHECK(heard_verb(test.server, "QUIT"));
    CHECK(test.kept.kept() == 0);
}

TEST_CASE("a conversation on which the server has said something is not used again") {
    Kept test;
    auto conversation = test.opened();
    test.server.says["tls NOOP"] = "250 2.0.0 ok\r\n421 4.3.2 going down";
    CHECK(awaited(test.world.loop, conversation->ask("NOOP\r\n", io::Duration{5000})));
    test.kept.keep(test.target(), std::move(conversation));
    CHECK(test.kept.take(test.target()) == nullptr);
    CHECK(test.kept.kept() == 0);
}

} // namespace postern::deliver::test
