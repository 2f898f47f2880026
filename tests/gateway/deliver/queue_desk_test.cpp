#include "gateway/deliver/queue_desk.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "tests/gateway/spool/queue.h"

namespace postern::deliver::test {
namespace {

using gateway::test::awaited;
using spool::test::Queue;

QueueRequest request(std::string_view words) {
    const auto parsed = parse_queue_request(words);
    if (!parsed) FAIL(parsed.error());
    return *parsed;
}

std::string ask(Queue& queue, std::string_view words) {
    const QueueRequest asked = request(words);
    return awaited(queue.loop(), serve_queue(queue.spool(), asked)).text;
}

spool::MessageId add(Queue& queue, std::string_view from, std::string_view to) {
    spool::Writer writer =
        queue.spool().begin(spool::test::mail_from(from),
                            {spool::test::recipient(to)},
                            std::chrono::system_clock::time_point{spool::test::noon});
    const spool::MessageId id = writer.id();
    REQUIRE(awaited(queue.loop(), writer.add("Subject: x\r\n\r\nhi\r\n")));
    REQUIRE(awaited(queue.loop(), writer.commit()));
    return id;
}

} // namespace

TEST_CASE("what is asked of the queue is words, and reads back") {
    for (const std::string_view words : {"list",
                                         "list --limit 3",
                                         "show 00000000000000ff --json",
                                         "retry --from a@b.example --to c.example",
                                         "hold --all",
                                         "drop 0000000000000001 0000000000000002"}) {
        CAPTURE(words);
        CHECK(text(request(words)) == words);
    }
    CHECK(request("list --from BANK.Example") == request("list --from bank.example"));
}

TEST_CASE("what the queue cannot do is said") {
    struct Row {
        std::string_view words;
        std::string_view problem;
    };
    const auto row = GENERATE(values<Row>({
        {"", "knows no"},
        {"burn", "\"burn\""},
        {"drop", "which messages?"},
        {"retry --limit 5", "which messages?"},
        {"show xyz", "no message id"},
        {"show 11112222333344445", "no message id"},
        {"list --limit many", "no number"},
        {"list --from", "missing behind"},
        {"list --color red", "--color"},
    }));
    CAPTURE(row.words);
    const auto parsed = parse_queue_request(row.words);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().contains(row.problem));
}

TEST_CASE("the queue is listed, the oldest first, as far as it fits") {
    Queue queue;
    const std::string first = spool::text(add(queue, "a@one.example", "x@bank.example"));
    const std::string second = spool::text(add(queue, "b@two.example", "y@other.example"));
    CHECK(ask(queue, "list") ==
          first + "  2027-01-15T08:00:00.000Z  18 bytes  from a@one.example\n" +
              "    x@bank.example  waiting until 2027-01-15T08:00:00.000Z\n" + second +
              "  2027-01-15T08:00:00.000Z  18 bytes  from b@two.example\n" +
              "    y@other.example  waiting until 2027-01-15T08:00:00.000Z\n");
    CHECK(ask(queue, "list --from two.example").starts_with(second));
    CHECK(ask(queue, "list --from A@One.example").starts_with(first));
    CHECK(ask(queue, "list --to bank.example").starts_with(first));
    CHECK(ask(queue, "list --to nobody@bank.example").empty());
    CHECK(ask(queue, "show " + second).starts_with(second));
    CHECK_FALSE(ask(queue, "list --limit 1").contains(second));
    CHECK(ask(queue, "list --limit 0").empty());
    const std::string json = ask(queue, "list --json");
    CHECK(json.starts_with("{\"id\":\"" + first + "\",\"arrival\":\"2027-01-15T08:00:00.000Z\","));
    CHECK(json.contains("\"recipients\":[{\"to\":\"x@bank.example\",\"state\":\"waiting\","));
}

TEST_CASE("what is on hold is not due, until it is to be tried again") {
    Queue queue;
    const std::string id = spool::text(add(queue, "a@one.example", "x@bank.example"));
    ask(queue, "hold " + id);
    CHECK(ask(queue, "list").contains("x@bank.example  held\n"));
    CHECK_FALSE(queue.spool().next_due());
    ask(queue, "retry --to bank.example");
    CHECK(ask(queue, "list").contains("x@bank.example  waiting"));
    CHECK(queue.spool().next_due());
}

TEST_CASE("what is dropped is gone, the rest stays") {
    Queue queue;
    const std::string id = spool::text(add(queue, "a@one.example", "x@bank.example"));
    const std::string other = spool::text(add(queue, "b@two.example", "y@other.example"));
    CHECK(ask(queue, "drop " + id).starts_with(id));
    CHECK(ask(queue, "list").starts_with(other));
    CHECK(queue.spool().waiting() == 1);
    ask(queue, "drop --all");
    CHECK(ask(queue, "list").empty());
}

TEST_CASE("a long queue is told of part by part, and changed so") {
    Queue queue;
    std::string all;
    for (int count = 0; count < 300; ++count) {
        all += spool::text(add(queue, "a@one.example", "x@bank.example")) + "\n";
    }
    QueueRequest drop = request("drop --from one.example --limit 290");
    std::string told;
    std::size_t parts = 0;
    for (bool more = true; more; ++parts) {
        const QueueAnswer part = awaited(queue.loop(), serve_queue(queue.spool(), drop));
        CHECK(part.messages <= 128);
        for (std::size_t at = 0; at < part.text.size(); at = part.text.find('\n', at) + 1) {
            if (part.text[at] != ' ') told += part.text.substr(at, 16) + "\n";
        }
        more = go_on(drop, part);
    }
    CHECK(parts == 3);
    CHECK(told == all.substr(0, 290 * 17));
    CHECK(queue.spool().waiting() == 10);
}

TEST_CASE("what is being delivered is told, and left alone") {
    Queue queue;
    const spool::MessageId id = add(queue, "a@one.example", "x@bank.example");
    REQUIRE(queue.spool().take(id));
    CHECK(ask(queue, "drop --all").contains("nothing was done"));
    CHECK(ask(queue, "drop --all --json").contains("\"done\":false"));
    queue.spool().put_back(id, spool::test::noon);
    CHECK(queue.spool().waiting() == 1);
}

} // namespace postern::deliver::test
