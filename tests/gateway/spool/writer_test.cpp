#include "gateway/spool/writer.h"

#include <optional>
#include <string>
#include <utility>

#include "tests/gateway/spool/queue.h"

namespace postern::spool {
namespace {

using test::awaited;
using test::Queue;

Writer begun(Queue& queue) {
    return queue.spool().begin(test::mail_from("a@b"), test::recipients(1), test::noon);
}

TEST_CASE("content is the same in whatever parts it comes", "[spool]") {
    const std::string bytes = test::content(150'000);
    for (const std::size_t part : {1'000UL, 4'095UL, 4'096UL, 4'097UL, 70'000UL, 150'000UL}) {
        Queue queue;
        Writer writer = begun(queue);
        for (std::size_t at = 0; at < bytes.size(); at += part) {
            REQUIRE(awaited(queue.loop(), writer.add(std::string_view{bytes}.substr(at, part))));
        }
        CHECK(writer.content_bytes() == bytes.size());
        REQUIRE(awaited(queue.loop(), writer.commit()));
        const Message message = queue.loaded(writer.id());
        CHECK(queue.content_of(message) == bytes);
        CHECK(message.content.size() <= bytes.size() / 4096 + 1);
        for (const Piece& piece : message.content) {
            CHECK(piece.bytes <= 64U << 10U);
        }
    }
}

TEST_CASE("what is not committed is not there", "[spool]") {
    Queue queue;
    {
        Writer writer = begun(queue);
        REQUIRE(awaited(queue.loop(), writer.add(test::content(10'000))));
    }
    CHECK(queue.spool().waiting() == 0);
    queue.restart();
    CHECK(queue.damages().empty());
    CHECK(queue.spool().waiting() == 0);
}

TEST_CASE("messages that are written at the same time do not mix", "[spool]") {
    Queue queue;
    Writer one = begun(queue);
    Writer other = begun(queue);
    for (int part = 0; part < 5; ++part) {
        REQUIRE(awaited(queue.loop(), one.add(std::string(5000, '1'))));
        REQUIRE(awaited(queue.loop(), other.add(std::string(3000, '2'))));
    }
    REQUIRE(awaited(queue.loop(), other.commit()));
    REQUIRE(awaited(queue.loop(), one.commit()));
    CHECK(queue.all()[one.id()] == std::string(25'000, '1'));
    CHECK(queue.all()[other.id()] == std::string(15'000, '2'));
}

TEST_CASE("a writer may move between its tasks", "[spool]") {
    Queue queue;
    std::optional<Writer> kept;
    {
        Writer writer = begun(queue);
        REQUIRE(awaited(queue.loop(), writer.add(test::content(10'000))));
        kept.emplace(std::move(writer));
    }
    REQUIRE(awaited(queue.loop(), kept->commit()));
    CHECK(queue.all()[kept->id()] == test::content(10'000));
    kept.reset();
}

TEST_CASE("a message is unknown until its commit has ended", "[spool]") {
    Queue queue;
    Writer writer = begun(queue);
    std::optional<std::expected<void, Error>> committed;
    queue.loop().spawn(gateway::test::keep(writer.commit(), committed));
    CHECK_FALSE(committed);
    CHECK(queue.spool().waiting() == 0);
    queue.loop().finish();
    CHECK(committed.value());
    CHECK(queue.spool().waiting() == 1);
}

} // namespace
} // namespace postern::spool
