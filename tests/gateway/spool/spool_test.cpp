#include "gateway/spool/spool.h"

#include <filesystem>
#include <string>
#include <vector>

#include "tests/gateway/spool/queue.h"

namespace postern::spool {
namespace {

using std::chrono::minutes;
using test::awaited;
using test::noon;
using test::Queue;

TEST_CASE("a message comes back as it was given, also after a restart", "[spool]") {
    Queue queue;
    const std::string bytes = test::content(100'000);
    const MessageId id = queue.submit(bytes, 3).value();
    for (int start = 0; start < 2; ++start) {
        CHECK(queue.damages().empty());
        const Message message = queue.loaded(id);
        CHECK(message.id == id);
        CHECK(message.arrival == noon);
        CHECK(message.mail == test::mail_from("s@example.com"));
        REQUIRE(message.recipients.size() == 3);
        CHECK(message.recipients[2].envelope == test::recipient("r2@example.org"));
        CHECK(message.recipients[2].state == State::waiting);
        CHECK(message.content_bytes == bytes.size());
        CHECK(queue.content_of(message) == bytes);
        queue.spool().put_back(message);
        queue.restart();
    }
}

TEST_CASE("messages are due in the order of their times", "[spool]") {
    Queue queue;
    CHECK_FALSE(queue.spool().next_due());
    CHECK_FALSE(queue.spool().oldest());
    const MessageId first = queue.submit("a").value();
    const MessageId second = queue.submit("b").value();
    CHECK(second > first);
    CHECK(queue.spool().next_due() == noon);
    CHECK_FALSE(queue.spool().take_due(noon - std::chrono::seconds{1}));
    CHECK(queue.spool().take_due(noon) == first);
    queue.spool().put_back(first, noon + minutes{5});
    CHECK(queue.spool().take_due(noon) == second);
    CHECK_FALSE(queue.spool().take_due(noon));
    CHECK(queue.spool().next_due() == noon + minutes{5});
    CHECK(queue.spool().take_due(noon + minutes{5}) == first);
    CHECK(queue.spool().in_hand() == 2);
    CHECK(queue.spool().oldest() == first);
}

io::Task<void> wait_for_earlier(Spool& spool, bool& earlier) {
    earlier = co_await spool.earlier().wait(io::test::patience);
}

TEST_CASE("who waits for the next due message hears of an earlier one", "[spool]") {
    Queue queue;
    bool earlier = false;
    queue.loop().spawn(wait_for_earlier(queue.spool(), earlier));
    REQUIRE(queue.submit("a"));
    queue.loop().finish();
    CHECK(earlier);
}

TEST_CASE("outcomes are what a message is loaded with, also after a restart", "[spool]") {
    const auto to = GENERATE(std::size_t{2}, std::size_t{40}); // written whole, or what changed
    Queue queue;
    const MessageId id = queue.submit("x", to).value();
    Message message = queue.loaded(id);
    for (std::uint32_t number = 0; number < to; ++number) {
        Recipient& recipient = message.recipients[number];
        recipient.state = number % 2 == 0 ? State::delivered : State::waiting;
        recipient.attempts = number + 1;
        recipient.next = noon + minutes{number + 1};
        recipient.last = noon;
        recipient.status = "4.4.1";
        recipient.remote = "mx.example.org";
        recipient.diagnostic = std::string(100, 'd');
        recipient.delay_reported = number == 1;
        REQUIRE(awaited(queue.loop(), queue.spool().outcome(message, {number})));
    }
    queue.spool().put_back(message);
    CHECK(queue.spool().next_due() == noon + minutes{2});
    for (int start = 0; start < 2; ++start) {
        Message again = queue.loaded(id);
        CHECK(again.recipients == message.recipients);
        CHECK(again.outcomes <= 33);
        queue.spool().put_back(again);
        queue.restart();
        CHECK(queue.spool().next_due() == noon + minutes{2});
    }
}

TEST_CASE("a held message is not due", "[spool]") {
    Queue queue;
    const MessageId id = queue.submit("x").value();
    Message message = queue.loaded(id);
    message.recipients[0].state = State::held;
    CHECK_FALSE(settled(message));
    REQUIRE(awaited(queue.loop(), queue.spool().outcome(message, {0})));
    queue.spool().put_back(message);
    CHECK_FALSE(queue.spool().next_due());
    queue.restart();
    CHECK_FALSE(queue.spool().next_due());
    CHECK(queue.spool().waiting() == 1);
}

TEST_CASE("a message that is done is gone, also after a restart", "[spool]") {
    Queue queue;
    const MessageId id = queue.submit("x").value();
    const MessageId other = queue.submit("y").value();
    REQUIRE(queue.finish(id));
    queue.restart();
    CHECK_FALSE(queue.spool().take(id));
    CHECK(queue.all().size() == 1);
    CHECK(queue.all()[other] == "y");
}

TEST_CASE("a message in hand at the end waits again at the next start", "[spool]") {
    Queue queue;
    const MessageId id = queue.submit("x").value();
    REQUIRE(queue.spool().take(id));
    queue.restart();
    CHECK(queue.spool().take_due(noon) == id);
}

TEST_CASE("ids rise although the clock goes back, and after a restart", "[spool]") {
    Queue queue;
    const MessageId first =
        queue.spool().begin(test::mail_from("a@b"), test::recipients(1), noon).id();
    const MessageId second =
        queue.spool().begin(test::mail_from("a@b"), test::recipients(1), noon - minutes{1}).id();
    CHECK(second > first);
    CHECK(arrival_of(first) == noon);
    CHECK(arrival_of(second) == noon);
    const MessageId third = queue.submit("x").value();
    queue.restart();
    CHECK(queue.submit("y").value() > third);
}

TEST_CASE("after stop() nothing new is taken", "[spool]") {
    Queue queue;
    queue.loop().run(queue.spool().stop());
    CHECK(queue.submit("x").error() == Error::stopped);
}

TEST_CASE("a damaged message can be set aside, and is reported at the next start", "[spool]") {
    Queue queue;
    const MessageId id = queue.submit(test::content(5000)).value();
    const Entry entry = queue.spool().page(0, 1).front();
    {
        std::fstream file{queue.path("0/000001.seg"),
                          std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(entry.record.offset - 100);
        file.put('!');
    }
    const Message message = queue.loaded(id);
    CHECK(queue.content_of(message).error() == Error::damaged);
    queue.spool().set_aside(id);
    queue.restart();
    CHECK(queue.spool().waiting() == 0);
    REQUIRE(queue.damages().size() == 2);
    CHECK(queue.damages()[0].kind == Damage::Kind::record);
    CHECK(queue.damages()[1].kind == Damage::Kind::message);
    CHECK(queue.damages()[1].id == id);
    queue.restart();
    CHECK(queue.damages().empty());
}

// So many clients at once.
TEST_CASE("messages that come together share their fdatasyncs", "[spool]") {
    Queue queue;
    REQUIRE(queue.submit("first"));
    const std::uint64_t before = queue.spool().counters().data_syncs;
    constexpr std::size_t count = 200;
    std::vector<std::optional<std::expected<MessageId, Error>>> results(count);
    for (auto& result : results) {
        queue.loop().spawn(gateway::test::keep(queue.submitted("hello", 1), result));
    }
    queue.loop().finish();
    for (const auto& result : results) {
        CHECK(result.value());
    }
    CHECK(queue.spool().waiting() == count + 1);
    const std::uint64_t syncs = queue.spool().counters().data_syncs - before;
    CHECK(syncs >= 1);
    CHECK(syncs <= 4);
}

} // namespace
} // namespace postern::spool
