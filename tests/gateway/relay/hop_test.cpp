#include "gateway/relay/hop.h"

#include <catch2/catch.hpp>

#include "tests/gateway/relay/next_hop.h"

namespace postern::relay::test {
namespace {

using gateway::test::awaited;
using std::chrono::hours;

struct Core {
    io::test::Loop loop;
    Environment environment{.ring = loop.ring(),
                            .hostname = "gateway.example.org",
                            .tls = nullptr,
                            .bounds = {},
                            .counts = {}};
    NextHop server{loop};
    Hop hop{environment, server.target()};

    std::unique_ptr<Conversation> conversation() {
        auto opened = awaited(loop, Conversation::open(environment, server.target(), nullptr));
        return std::move(opened.value());
    }
    // Time passes that is longer than this.
    void pass(io::Duration time) { loop.turn_for(time + io::Duration{1}); }
};

} // namespace

TEST_CASE("a host that fails again is left alone for twice as long, up to a minute") {
    struct Row {
        unsigned failures_before;
        int seconds;
    };
    const auto row = GENERATE(Row{0, 1},
                              Row{1, 2},
                              Row{2, 4},
                              Row{5, 32},
                              Row{6, 60},
                              Row{7, 60},
                              Row{4'000'000'000, 60});
    CHECK(back_off(row.failures_before) == std::chrono::seconds{row.seconds});
}

TEST_CASE("a host is usable until it fails, and again once it has been reached") {
    Core core;
    CHECK(core.hop.usable());
    CHECK_FALSE(core.hop.extensions());
    core.hop.failed();
    CHECK_FALSE(core.hop.usable());
    CHECK(core.environment.counts.failed == 1);
    core.hop.succeeded(smtp::Extensions{}.add(smtp::Extension::dsn));
    CHECK(core.hop.usable());
    CHECK(core.hop.extensions()->has(smtp::Extension::dsn));
}

TEST_CASE("the back-off of a host ends with its time") {
    Core core;
    core.hop.failed();
    core.pass(back_off(0));
    CHECK(core.hop.usable());
}

TEST_CASE("conversations that fail together are one failure of their host") {
    Core core;
    for (int conversation = 0; conversation < 10; ++conversation)
        core.hop.failed();
    CHECK(core.environment.counts.failed == 10);
    core.pass(back_off(0));
    CHECK(core.hop.usable());
    core.hop.failed(); // and the next is the second
    core.pass(back_off(0));
    CHECK_FALSE(core.hop.usable());
    core.pass(back_off(1) - back_off(0));
    CHECK(core.hop.usable());
}

TEST_CASE("the idle conversation used last is the one used next") {
    Core core;
    auto one = core.conversation();
    auto other = core.conversation();
    const Conversation* const last = other.get();
    core.hop.put_idle(std::move(one));
    core.hop.put_idle(std::move(other));
    CHECK(core.environment.counts.idle == 2);
    CHECK(core.hop.take_idle().get() == last);
    CHECK(core.environment.counts.idle == 1);
    CHECK(core.hop.take_idle() != nullptr);
    CHECK(core.hop.take_idle() == nullptr);
    CHECK(core.environment.counts.idle == 0);
}

TEST_CASE("a conversation is used again within its bounds of idleness and age, and not beyond") {
    struct Row {
        io::Duration idle;
        io::Duration age;
        bool good;
    };
    const io::Duration passed{3};
    const auto row = GENERATE_COPY(
        Row{hours{1}, hours{1}, true}, Row{passed, hours{1}, false}, Row{hours{1}, passed, false});
    Core core;
    core.environment.bounds.idle = row.idle;
    core.environment.bounds.age = row.age;
    core.hop.put_idle(core.conversation());
    core.pass(passed);
    const auto stale = core.hop.take_stale();
    CHECK(stale.size() == (row.good ? 0U : 1U));
    CHECK(core.environment.counts.idle == (row.good ? 1U : 0U));
    core.hop.put_idle(core.conversation());
    core.pass(passed);
    CHECK((core.hop.take_idle() != nullptr) == row.good);
    CHECK(core.environment.counts.idle == core.hop.idle());
}

TEST_CASE("use makes a conversation idle anew, but never younger") {
    Core core;
    const io::Duration passed{3};
    auto conversation = core.conversation();
    core.pass(passed);
    core.environment.bounds.idle = passed;
    core.hop.put_idle(std::move(conversation));
    CHECK(core.hop.take_stale().empty());
    core.environment.bounds.age = passed;
    CHECK(core.hop.take_stale().size() == 1);
}

TEST_CASE("a conversation that the server has ended, or spoken in, is not used again") {
    Core core;
    auto conversation = core.conversation();
    const Conversation& idle = *conversation;
    core.hop.put_idle(std::move(conversation));
    core.server.drop_all();
    gateway::test::turn_until(core.loop, [&] { return !idle.silent(); });
    CHECK(core.hop.take_idle() == nullptr);
    CHECK(core.hop.idle() == 0);
    CHECK(core.environment.counts.idle == 0);
}

TEST_CASE("all idle conversations can be taken to be ended") {
    Core core;
    core.hop.put_idle(core.conversation());
    core.hop.put_idle(core.conversation());
    CHECK(core.hop.take_all_idle().size() == 2);
    CHECK(core.hop.idle() == 0);
    CHECK(core.environment.counts.idle == 0);
}

TEST_CASE("a host is full when it has as many conversations as it may have, in use or idle") {
    Core core;
    core.environment.bounds.conversations_max = 2;
    core.hop.count_in_use();
    CHECK_FALSE(core.hop.full());
    core.hop.count_in_use();
    CHECK(core.hop.full());
    core.hop.count_given_back();
    CHECK_FALSE(core.hop.full());
    CHECK(core.hop.in_use() == 1);
    core.hop.put_idle(core.conversation()); // an idle one is one more
    CHECK(core.hop.full());
}

} // namespace postern::relay::test
