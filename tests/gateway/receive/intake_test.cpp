#include "gateway/receive/intake.h"
#include "gateway/smtp/replies.h"

#include "tests/gateway/receive/message.h"

namespace postern::receive::test {

TEST_CASE("a message goes on unchanged behind a Received field, in whatever pieces it comes") {
    const std::size_t step = GENERATE(1U, 7U, 1000U);
    CAPTURE(step);
    Message message;
    message.core.server.says["."] = "250 2.0.0 queued as 4711";
    for (std::size_t at = 0; at < other.size(); at += step) {
        message.take(std::string_view{other}.substr(at, step));
    }
    CHECK(message.finish().wire == "250 2.0.0 queued as 4711\r\n");
    REQUIRE(message.core.server.messages.size() == 1);
    const std::string& arrived = message.core.server.messages[0];
    CHECK_THAT(arrived,
               Catch::StartsWith("Received: from client.example ([192.0.2.7])\r\n") &&
                   Catch::EndsWith("\r\n" + other) &&
                   Catch::Contains("id " + message.transaction->id()) &&
                   Catch::Contains("for <user@example.org>"));
    CHECK(arrived.find("From:") == arrived.size() - other.size());
}

TEST_CASE("of several recipients none is named to the others") {
    Message message;
    REQUIRE(message.core.rcpt(*message.transaction, "TO:<two@example.org>").code == 250);
    message.take(other);
    CHECK(message.finish().code == 250);
    CHECK_THAT(message.core.server.messages.at(0), !Catch::Contains("@example.org"));
}

TEST_CASE("a message that is refused is read on, and nothing of the rest goes anywhere") {
    Message message;
    message.take("From: a@bank.example\r\n\r\nbody\r\n");
    CHECK(message.intake->failed());
    message.take(repeated("more\r\n", 10'000));
    CHECK(message.finish().code == 550);
    message.end();
    CHECK(message.core.server.heard == Lines{"RSET"});
}

TEST_CASE("the first reason to refuse counts, and a message under way is never completed") {
    Message message;
    message.take(other + repeated("0123456789abcdef\r\n", 2000)); // more than travels together
    message.intake->fail(smtp::replies::message_too_big());
    message.intake->fail(smtp::replies::text_line_too_long());
    message.take("more\r\n");
    CHECK(message.finish().wire == smtp::wire_text(smtp::replies::message_too_big()));
    message.end();
    turn_until(message.core.loop, [&] { return message.core.server.open() == 0; });
    CHECK(message.core.server.messages.empty());
}

TEST_CASE("a message whose client goes before its end is deferred, and the next hop drops it") {
    Message message;
    message.take(other);
    message.intake->note_lost({.bytes = other.size()}, "connection lost");
    message.end();
    turn_until(message.core.loop, [&] { return message.core.server.open() == 0; });
    CHECK(message.core.server.messages.empty());
    const Lines lines = message.core.log.take();
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines[0],
               Catch::Contains(R"("verdict":"deferred","reply":"connection lost")") &&
                   Catch::Contains("\"bytes\":" + std::to_string(other.size())));
}

} // namespace postern::receive::test
