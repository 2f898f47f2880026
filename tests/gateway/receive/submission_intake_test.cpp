#include "gateway/receive/submission_intake.h"

#include "tests/gateway/receive/submitting.h"

namespace postern::receive::test {
namespace {

using namespace std::string_literals;

const std::string letter = "Date: now\r\nMessage-ID: <1@x>\r\nSubject: x\r\n\r\nbody\r\n";

struct Open : Submitting {
    Open() {
        core.settings.limits.message_size = 200'000;
        connect();
        say("EHLO client.example\r\n");
    }
};

std::string stuffed(std::string_view plain) {
    smtp::DotStuffer stuffer;
    std::string out;
    REQUIRE(stuffer.stuff(plain, out) == smtp::DataState::more);
    REQUIRE(stuffer.finish(out) == smtp::DataState::more);
    return out;
}

// 100 KiB in lines of every length, many of them beginning with dots.
std::string long_letter() {
    std::string text = letter;
    for (std::size_t length = 0; text.size() < 100'000; length = (length + 7) % 900) {
        text.append(length % 3, '.').append(length, static_cast<char>('a' + length % 26));
        text += "\r\n";
    }
    return text;
}

std::string begin(std::string_view mail = "MAIL FROM:<me@example.org>") {
    return std::string{mail} + "\r\nRCPT TO:<you@far.example>\r\n";
}

} // namespace

TEST_CASE("the queue has what was said, byte by byte, behind our Received field") {
    const std::string content = GENERATE(values<std::string>(
        {letter,
         "Date: x\r\nMessage-ID: <1@x>\r\n.Dot: x\r\nBcc: secret@far.example\r\n\r\n.\r\n..\r\n.x\r\n"s,
         "Date: x\r\nMessage-ID: <1@x>\r\n\r\n\xE2\x82\xAC 8 bit, \0 and NUL\r\n"s,
         "Date: x\r\nMessage-ID: <1@x>\r\n"s,
         long_letter()}));
    const bool in_chunks = GENERATE(false, true);
    CAPTURE(content.substr(0, 100), in_chunks);
    Open open;
    std::string reply;
    if (in_chunks) {
        const std::size_t first = content.size() / 3;
        const std::string commands =
            begin() + "BDAT " + std::to_string(first) + "\r\n" + content.substr(0, first) +
            "BDAT " + std::to_string(content.size() - first) + " LAST\r\n" + content.substr(first);
        const Lines replies = open.say(commands, 4); // all of it in one batch
        REQUIRE(replies.size() == 4);
        CHECK_THAT(replies[2], Catch::StartsWith("250 2.0.0 "));
        reply = replies[3];
    } else {
        reply = open.submit(stuffed(content));
    }
    CHECK_THAT(reply, Catch::StartsWith("250 2.0.0 Message "));
    const Queued queued = open.take();
    const std::string front = in_front_of(content, queued);
    CHECK_THAT(front,
               Catch::StartsWith("Received: from client.example ([127.0.0.1])\r\n") &&
                   Catch::Contains("id " + spool::text(queued.envelope.id) + "\r\n") &&
                   Catch::Contains("for <you@far.example>;"));
    CHECK(front.find("\r\n", front.find(";\r\n") + 3) == front.size() - 2); // nothing else
    CHECK(queued.envelope.content_bytes == queued.content.size());
}

TEST_CASE("what every message must have is added where it is missing, and only there") {
    struct Row {
        std::string content;
        bool date;
        bool message_id;
        std::string between; // added and content
    };
    const auto row = GENERATE(values<Row>({
        {"Subject: x\r\n\r\nbody\r\n", true, true, ""},
        {"DATE : x\r\n\r\nDate: x\r\n", false, true, ""},
        {"message-id: <1@x>\r\n\r\nMessage-ID: <1@x>\r\n", true, false, ""},
        {"Resent-Date: x\r\nResent-Message-ID: <1@x>\r\n\r\n", true, true, ""},
        {"Date: x\r\nMessage-ID:\r\n <1@x>\r\n\r\n", false, false, ""},
        {"no header section at all, Date: x\r\n", true, true, "\r\n"},
        {"", true, true, ""},
    }));
    CAPTURE(row.content);
    Open open;
    CHECK_THAT(open.submit(row.content), Catch::StartsWith("250 2.0.0 "));
    const Queued queued = open.take();
    std::string front = in_front_of(row.between + row.content, queued);
    const std::string message_id =
        "\r\nMessage-ID: <" + spool::text(queued.envelope.id) + "@gateway.example>\r\n";
    CHECK((front.find(message_id) != std::string::npos) == row.message_id);
    CHECK((front.find("\r\nDate: ") != std::string::npos) == row.date);
}

TEST_CASE("a message that breaks a limit is refused at its end, and nothing of it is queued") {
    struct Row {
        std::string content;
        std::string reply;
    };
    std::string hops;
    for (int count = 0; count < 51; ++count) {
        hops += "Received: x\r\n";
    }
    const std::string line(100, 'x');
    std::string big = letter;
    while (big.size() <= 200'000) {
        big += line + "\r\n";
    }
    const auto row = GENERATE_COPY(values<Row>({
        {"X: \0\r\n\r\n"s, "550 5.6.0 "},
        {hops + "\r\n", "554 5.4.6 "},
        {"X: " + std::string(997, 'x') + "\r\n\r\n", "554 5.6.0 "},
        {letter + std::string(999, 'x') + "\r\n", "554 5.6.0 "},
        {big, "552 5.3.4 "},
    }));
    CAPTURE(row.content.substr(0, 100));
    Open open;
    CHECK_THAT(open.submit(row.content), Catch::StartsWith(row.reply));
    CHECK(open.waiting() == 0);
    CHECK_THAT(open.submit(letter), Catch::StartsWith("250 2.0.0 ")); // the session goes on
    CHECK(in_front_of(letter, open.take()).starts_with("Received: "));
}

TEST_CASE("a header section over its limit is refused") {
    Open open;
    open.core.settings.limits.header_section = 1024;
    std::string header;
    while (header.size() < 1024) {
        header += "X: x\r\n";
    }
    CHECK_THAT(open.submit(header + "\r\n"), Catch::StartsWith("552 5.3.4 "));
    CHECK(open.waiting() == 0);
}

TEST_CASE("a chunk over the limit ends the message, and a bare line end the session") {
    Open open;
    CHECK_THAT(open.say(begin() + "BDAT 200001\r\n" + std::string(200'001, 'x'), 3).at(2),
               Catch::StartsWith("552 5.3.4 "));
    CHECK_THAT(open.say(begin() + "DATA\r\n", 3).at(2), Catch::StartsWith("354 "));
    CHECK_THAT(open.say("Subject: x\r\n\r\nbody\n.\r\n").at(0), Catch::StartsWith("550 5.6.11 "));
    open.leave();
    CHECK(open.waiting() == 0);
}

TEST_CASE("a client that leaves before the end leaves nothing behind, not even after a restart") {
    const auto said = GENERATE("DATA\r\n"s, "BDAT 150000 LAST\r\n"s);
    Open open;
    const std::string content = long_letter();
    if (said.starts_with("DATA")) {
        REQUIRE(open.say(begin() + said, 3).size() == 3);
        open.say(content, 0);
    } else {
        open.say(begin() + said + content, 0);
    }
    open.leave();
    CHECK(open.waiting() == 0);
    const Lines lines = open.core.log.take();
    REQUIRE(lines.size() == 2);
    CHECK_THAT(lines[0],
               Catch::Contains(R"("verdict":"deferred","reply":"connection lost")") &&
                   Catch::Contains(R"("direction":"outbound")"));
    open.stop();
    open.start();
    CHECK(open.waiting() == 0);
}

TEST_CASE("what was answered with 250 is there after a restart, with all that it says") {
    Open open;
    const std::string content = long_letter();
    CHECK_THAT(open.submit(stuffed(content)), Catch::StartsWith("250 2.0.0 "));
    CHECK_THAT(open.say(begin() + "RSET\r\n", 3).at(2), Catch::StartsWith("250 2.0.0 "));
    open.leave();
    open.stop();
    open.start();
    const Queued queued = open.take();
    CHECK(in_front_of(content, queued).starts_with("Received: "));
    CHECK(queued.envelope.mail.sender.address() == "me@example.org");
}

TEST_CASE("a disk that fails defers the message, and the next one is taken when it works again") {
    struct Row {
        int error;
        std::string reply;
    };
    const auto row = GENERATE(values<Row>({{ENOSPC, "452 4.3.1 "}, {EIO, "452 4.3.0 "}}));
    const bool at_commit = GENERATE(false, true); // else while content comes
    CAPTURE(row.reply, at_commit);
    Open open;
    if (at_commit) CHECK_THAT(open.submit(letter), Catch::StartsWith("250 "));
    open.disk.error = row.error;
    const std::string content = at_commit ? letter : stuffed(long_letter());
    CHECK_THAT(open.submit(content), Catch::StartsWith(row.reply));
    CHECK(open.waiting() == (at_commit ? 1 : 0));
    CHECK_THAT(open.core.log.take().back(), Catch::Contains(R"("verdict":"deferred")"));
    open.disk.error = 0;
    CHECK_THAT(open.submit(letter), Catch::StartsWith("250 2.0.0 "));
}

TEST_CASE("an envelope too big for the queue is refused, and the session goes on") {
    Open open;
    open.core.settings.limits.recipients = 10'000;
    open.core.settings.limits.commands = 100'000;
    std::string envelope = "MAIL FROM:<me@example.org>\r\n";
    const std::string original = " ORCPT=rfc822;" + std::string(450, 'x');
    std::size_t recipients = 0;
    while (envelope.size() < 3'000'000) {
        envelope +=
            "RCPT TO:<" + std::to_string(++recipients) + "@far.example>" + original + "\r\n";
    }
    REQUIRE(open.say(envelope, recipients + 1).size() == recipients + 1);
    CHECK_THAT(open.say("DATA\r\n").at(0), Catch::StartsWith("354"));
    CHECK_THAT(open.say(letter + ".\r\n").at(0), Catch::StartsWith("552 "));
    CHECK(open.waiting() == 0);
    CHECK_THAT(open.submit(letter), Catch::StartsWith("250 2.0.0 "));
}

TEST_CASE("while we stop a submission is deferred, and its session ends") {
    Open open;
    CHECK_THAT(open.say(begin() + "DATA\r\n", 3).at(2), Catch::StartsWith("354 "));
    open.core.loop.run(open.queue->stop());
    CHECK_THAT(open.say(letter + ".\r\n").at(0), Catch::StartsWith("421 4.3.2 "));
    CHECK(open.say("NOOP\r\n").empty());
    open.leave();
    CHECK_THAT(open.core.log.take().back(), Catch::Contains(R"("ending":"overload")"));
}

} // namespace postern::receive::test
