#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

#include "tests/gateway/spool/queue.h"

namespace postern::spool {
namespace {

using test::Queue;

constexpr io::Duration for_ever = std::chrono::hours{1};

TEST_CASE("who waits for the disk waits for those on their way, not for more than half",
          "[spool]") {
    Queue queue{{.company = for_ever}};
    REQUIRE(queue.submit("a segment is there"));
    std::vector<Log::Coming> coming;
    for (int client = 0; client < 3; ++client) {
        coming.push_back(queue.spool().expect());
    }
    const std::uint64_t before = queue.spool().counters().data_syncs;
    std::optional<std::expected<MessageId, Error>> first;
    std::optional<std::expected<MessageId, Error>> second;
    coming.pop_back();
    queue.loop().spawn(gateway::test::keep(queue.submitted("first", 1), first));
    coming.pop_back(); // one waits, one comes
    queue.loop().spawn(gateway::test::keep(queue.submitted("second", 1), second));
    queue.loop().finish();
    CHECK((first->has_value() && second->has_value()));
    CHECK(queue.spool().counters().data_syncs - before == 1);
}

TEST_CASE("who is long on his way is waited for no more", "[spool]") {
    Queue queue{{.company = io::Duration{100}}};
    std::optional<Log::Coming> stalled = queue.spool().expect();
    CHECK(queue.spool().expected() == 1);
    queue.loop().turn_for(io::Duration{210});
    CHECK(queue.spool().expected() == 0);
    const Log::Coming other = queue.spool().expect();
    CHECK(queue.spool().expected() == 1);
    stalled.reset();
    CHECK(queue.spool().expected() == 1);
}

TEST_CASE("outcomes of all that is in hand wait for nobody", "[spool]") {
    Queue queue{{.patience = for_ever}};
    const Message one = queue.loaded(queue.submit("x").value());
    const Message other = queue.loaded(queue.submit("y").value());
    std::optional<std::expected<void, Error>> first;
    queue.loop().spawn(gateway::test::keep(queue.spool().done(one), first));
    queue.loop().turn_for(io::Duration{5});
    CHECK_FALSE(first);
    CHECK(gateway::test::awaited(queue.loop(), queue.spool().done(other)));
    CHECK(gateway::test::awaited(queue.loop(),
                                 queue.spool().done(queue.loaded(queue.submit("z").value()))));
    queue.loop().finish();
    CHECK(first->has_value());
}

TEST_CASE("an outcome goes with the next client, with many like itself, or at the end", "[spool]") {
    Queue queue{{.patience = for_ever}};
    constexpr std::size_t many = 64;
    std::vector<Message> messages;
    for (std::size_t count = 0; count < many; ++count) {
        const MessageId id = queue.submit("x").value();
        messages.push_back(queue.loaded(id));
    }
    std::vector<std::optional<std::expected<void, Error>>> done(many);
    const auto finish = [&](std::size_t number) {
        queue.loop().spawn(gateway::test::keep(queue.spool().done(messages[number]), done[number]));
    };
    const std::uint64_t before = queue.spool().counters().data_syncs;
    std::size_t ended = 1;
    finish(0);
    SECTION("client") { REQUIRE(queue.submit("x")); }
    SECTION("many") {
        for (; ended < many; ++ended) {
            finish(ended);
        }
    }
    SECTION("end") { queue.loop().run(queue.spool().stop()); }
    queue.loop().finish();
    for (std::size_t number = 0; number < ended; ++number) {
        CHECK(done[number]->has_value());
    }
    for (std::size_t number = ended; number < many; ++number) {
        queue.spool().put_back(messages[number]);
    }
    if (ended > 1) CHECK(queue.spool().counters().data_syncs - before == 1);
}

} // namespace
} // namespace postern::spool
