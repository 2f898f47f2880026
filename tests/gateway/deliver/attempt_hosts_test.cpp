#include "gateway/deliver/attempt.h"

#include <catch2/catch.hpp>

#include "tests/gateway/deliver/hosts.h"

// What an attempt makes of hosts, whatever they prove.
namespace postern::deliver::test {
TEST_CASE("a greeting that refuses for good is final when every host says so") {
    World world;
    world.host().greeting = "554 5.3.2 no mail here";
    const bool another = GENERATE(false, true);
    if (another) world.host();
    const Outcome outcome = world.deliver_one();
    CHECK(outcome.disposition == (another ? Disposition::delivered : Disposition::failed));
    if (another) return;
    CHECK(outcome.cause == Cause::refused);
    CHECK(outcome.diagnostic() == "554 5.3.2 no mail here");
    CHECK(status(outcome) == "5.3.2");
}

TEST_CASE("several messages go over one connection, each with the same demand (O18)") {
    World world;
    world.require(Demand::tls);
    NextHop& server = world.host();
    KeptConversations kept{world.environment};
    Attempt attempt{world.environment, kept, world.to};
    CHECK(world.deliver(attempt).front().disposition == Disposition::delivered);
    SECTION("that holds") {
        CHECK(world.deliver(attempt).front().disposition == Disposition::delivered);
        CHECK(server.connections == 1);
    }
    SECTION("that the host has ended: a fresh one, as secure as the first") {
        server.drop_all();
        CHECK(world.deliver(attempt).front().disposition == Disposition::delivered);
        CHECK(server.connections == 2);
    }
    SECTION("that the host ends now: likewise") {
        server.says["tls MAIL"] = GENERATE(as<std::string>{}, "", "421 4.4.2 idle for too long");
        std::optional<std::vector<Outcome>> outcomes;
        const Message message{
            .mail = world.mail, .recipients = world.recipients, .content = world.content};
        world.loop.spawn(gateway::test::keep(attempt.deliver(message, today), outcomes));
        gateway::test::turn_until(world.loop, [&] { return server.connections == 2; });
        server.says.clear();
        world.loop.finish();
        CHECK(outcomes->front().disposition == Disposition::delivered);
        CHECK(server.messages.size() == 2);
    }
    SECTION("that the host has no more TLS on: not in clear") {
        server.drop_all();
        server.tls = nullptr;
        const Outcome outcome = world.deliver(attempt).front();
        CHECK(outcome.disposition == Disposition::failed);
        CHECK(outcome.cause == Cause::starttls_not_supported);
        CHECK(server.messages.size() == 1);
        CHECK(server.heard.back() == "QUIT");
    }
    world.loop.run(kept.end());
}

TEST_CASE("answers to the recipients of a refused message are not taken for those of the next") {
    World world;
    world.recipients.assign(3, relay::test::recipient());
    NextHop& server = world.host("");
    server.says["MAIL"] = "451 4.3.0 later";
    server.says["RCPT"] = "250 2.1.5 ok";
    KeptConversations kept{world.environment};
    Attempt attempt{world.environment, kept, world.to};
    CHECK(world.deliver(attempt).front().cause == Cause::postponed);
    server.says["MAIL"] = "550 5.7.1 never";
    const auto outcomes = world.deliver(attempt);
    CHECK(server.connections == 2);
    CHECK(outcomes.front().diagnostic() == "550 5.7.1 never");
    world.loop.run(kept.end());
}

TEST_CASE("a host that put a message off is not asked again in the same attempt") {
    World world;
    NextHop& server = world.host("");
    KeptConversations kept{world.environment};
    Attempt attempt{world.environment, kept, world.to};
    CHECK(world.deliver(attempt).front().disposition == Disposition::delivered);
    server.says["."] = "451 4.3.0 later";
    CHECK(world.deliver(attempt).front().disposition == Disposition::deferred);
    CHECK(server.messages.size() == 2);
    world.loop.run(kept.end());
}

} // namespace postern::deliver::test
