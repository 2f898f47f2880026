#include <catch2/catch.hpp>

#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "tests/gateway/spool/queue.h"

namespace postern::spool {
namespace {

using test::awaited;
using test::Queue;
using test::SmallDisk;

constexpr std::uint32_t segment_bytes = 256U << 10U;
// What a queue that takes mail has: what is written, what will be, and what reports will go into.
constexpr int segments_least = 3;

std::vector<MessageId> submit_until_full(Queue& queue, std::size_t bytes) {
    std::vector<MessageId> ids;
    for (;;) {
        const auto submitted = queue.submit(test::content(bytes));
        if (!submitted) {
            CHECK(submitted.error() == Error::full);
            return ids;
        }
        ids.push_back(*submitted);
    }
}

io::Task<std::expected<MessageId, Error>> reported(Spool& spool, std::string content) {
    Writer writer =
        spool.begin_report(test::mail_from(""), test::recipient("s@example.com"), test::noon);
    const auto added = co_await writer.add(content);
    if (!added) co_return std::unexpected{added.error()};
    const auto committed = co_await writer.commit();
    if (!committed) co_return std::unexpected{committed.error()};
    co_return writer.id();
}

std::expected<MessageId, Error> report(Queue& queue, std::size_t bytes) {
    return awaited(queue.loop(), reported(queue.spool(), test::content(bytes)));
}

TEST_CASE("mail that filled the disk and is all returned makes room by being returned", "[spool]") {
    constexpr std::size_t bytes = 10'000;
    const auto further = GENERATE(0, 1, 5);
    SmallDisk disk{segments_least + further};
    Queue queue{{.segment_bytes = segment_bytes, .fault = &disk}};
    const std::vector<MessageId> ids = submit_until_full(queue, bytes);
    CHECK(ids.size() >= static_cast<std::size_t>(1 + further) * 16);
    // Reports that are larger than what they are about, and are delivered.
    for (const MessageId id : ids) {
        INFO(id);
        const auto about = report(queue, 2 * bytes);
        REQUIRE(about);
        REQUIRE(queue.finish(id));
        REQUIRE(queue.finish(*about));
    }
    queue.settle();
    CHECK(queue.all().empty());
    CHECK(queue.submit(test::content(bytes)));
}

TEST_CASE("while nobody takes the reports, they leave room for what becomes of mail", "[spool]") {
    SmallDisk disk{segments_least + 1};
    Queue queue{{.segment_bytes = segment_bytes, .fault = &disk}};
    const std::vector<MessageId> ids = submit_until_full(queue, 2'000);
    std::vector<MessageId> reports;
    auto about = report(queue, 2'000);
    for (; about; about = report(queue, 2'000)) {
        reports.push_back(*about);
    }
    CHECK(about.error() == Error::full);
    CHECK_FALSE(reports.empty());
    for (const MessageId id : ids) {
        Message message = queue.loaded(id);
        message.recipients[0].attempts = 1;
        REQUIRE(awaited(queue.loop(), queue.spool().outcome(message, {0})));
        REQUIRE(awaited(queue.loop(), queue.spool().done(message)));
    }
    queue.settle();
    for (const MessageId id : reports) {
        REQUIRE(queue.finish(id));
    }
    CHECK(report(queue, 2'000));
    CHECK(queue.submit("there is room again"));
}

TEST_CASE("that mail waits can be said only as long as what is final can be said too", "[spool]") {
    SmallDisk disk{segments_least};
    Queue queue{{.segment_bytes = segment_bytes, .fault = &disk}};
    const MessageId waits = queue.submit("waits").value();
    const std::vector<MessageId> ids = submit_until_full(queue, 2'000);
    Message message = queue.loaded(waits);
    std::expected<void, Error> said;
    while (said) {
        ++message.recipients[0].attempts;
        said = awaited(queue.loop(), queue.spool().outcome(message, {0}));
    }
    CHECK(said.error() == Error::full);
    message.recipients[0].state = State::delivered;
    REQUIRE(awaited(queue.loop(), queue.spool().outcome(message, {0})));
    REQUIRE(awaited(queue.loop(), queue.spool().done(message)));
    for (const MessageId id : ids) {
        REQUIRE(queue.finish(id));
    }
    CHECK(queue.submit("there is room again"));
}

TEST_CASE("without space a segment whose messages are gone is used anew, and so for ever",
          "[spool]") {
    SmallDisk disk{segments_least};
    Queue queue{{.segment_bytes = segment_bytes, .fault = &disk}};
    for (unsigned number = 0; number < 100; ++number) {
        INFO(number);
        const auto id = queue.submit(test::content(20'000, number));
        REQUIRE(id);
        REQUIRE(queue.finish(*id));
    }
    CHECK(queue.all().empty());
    queue.restart();
    CHECK(queue.all().empty());
    CHECK(queue.damages().empty());
}

TEST_CASE("without space a message that stays moves out of a segment that is mostly dead",
          "[spool]") {
    SmallDisk disk{segments_least};
    Queue queue{{.segment_bytes = segment_bytes, .fault = &disk}};
    const MessageId stays = queue.submit("stays").value();
    unsigned refused = 0;
    for (unsigned number = 0; number < 100; ++number) {
        const auto id = queue.submit(test::content(20'000, number));
        queue.settle();
        if (id) REQUIRE(queue.finish(*id));
        if (!id) ++refused;
    }
    CHECK(refused > 0); // until it has moved
    CHECK(refused < 20);
    const std::map<MessageId, std::string> kept{{stays, "stays"}};
    CHECK(queue.all() == kept);
    queue.restart();
    CHECK(queue.all() == kept);
}

TEST_CASE("after a restart on a full disk what becomes of mail can be written down", "[spool]") {
    SmallDisk disk{segments_least + 1};
    Queue queue{{.segment_bytes = segment_bytes, .fault = &disk}};
    std::vector<MessageId> ids = submit_until_full(queue, 5'000);
    disk.free = 0; // others took it
    for (int restarts = 0; restarts < 3; ++restarts) {
        queue.restart();
        CHECK(queue.damages().empty());
        CHECK(queue.spool().waiting() == ids.size());
        CHECK(report(queue, 2'000));
        REQUIRE(queue.finish(queue.spool().page(0, SIZE_MAX).back().id));
        REQUIRE(queue.finish(ids.back()));
        ids.pop_back();
        queue.settle();
        while (queue.spool().waiting() > ids.size()) {
            REQUIRE(queue.finish(queue.spool().page(0, SIZE_MAX).back().id));
        }
    }
}

} // namespace
} // namespace postern::spool
