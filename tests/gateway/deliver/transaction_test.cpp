#include "gateway/deliver/transaction.h"

#include <catch2/catch.hpp>

#include "tests/gateway/deliver/hosts.h"

namespace postern::deliver::test {
namespace {

smtp::Recipient to(std::string_view argument) {
    const auto dsn = smtp::Extensions{}.add(smtp::Extension::dsn);
    return smtp::parse_rcpt(argument, dsn, smtp::Utf8::allowed).value();
}

std::size_t count(const NextHop& server, std::string_view verb) {
    return static_cast<std::size_t>(std::ranges::count_if(
        server.heard, [&](const std::string& line) { return line.starts_with(verb); }));
}

// Content of so many bytes; more than one, or none.
std::string lines_of(std::size_t bytes) {
    std::string text(bytes, 'x');
    for (std::size_t at = 70; at + 4 < text.size(); at += 72) {
        text.replace(at, 2, "\r\n");
    }
    if (!text.empty()) text.replace(text.size() - 2, 2, "\r\n");
    return text;
}

const std::string ehlo = "EHLO gateway.example.org";
const std::string mail = "MAIL FROM:<a@other.example>";
const std::string rcpt = "RCPT TO:<user@example.org>";

} // namespace

TEST_CASE("a message is said command by command, and in packets where PIPELINING is offered") {
    World world;
    world.recipients = {to("TO:<a@example.org>"), to("TO:<b@example.org>")};
    NextHop& server = world.host("");
    server.offers = GENERATE(Lines{}, Lines{"PIPELINING"});
    const auto outcomes = world.deliver_all();
    CHECK(outcomes.size() == 2);
    CHECK(server.heard ==
          Lines{ehlo, mail, "RCPT TO:<a@example.org>", "RCPT TO:<b@example.org>", "DATA", "QUIT"});
    CHECK(server.messages.size() == 1);
}

TEST_CASE("commands wait for each other's answers without PIPELINING, and only then") {
    World world;
    NextHop& server = world.host("");
    const bool pipelining = GENERATE(false, true);
    if (!pipelining) server.offers.clear();
    server.says["MAIL"] = "550 5.7.1 not you";
    CHECK(world.deliver_one().cause == Cause::refused);
    // Nothing is said behind a refusal; what was on its way already is read by nobody.
    CHECK((count(server, "RCPT") == 1) == pipelining);
    CHECK(count(server, "DATA") == 0);
}

TEST_CASE("more recipients than fit a packet are said in several") {
    World world;
    const std::size_t recipients =
        GENERATE(as<std::size_t>{}, commands_together_max, 2 * commands_together_max + 1);
    world.recipients.assign(recipients, relay::test::recipient());
    NextHop& server = world.host("");
    const auto outcomes = world.deliver_all();
    CHECK(outcomes.size() == recipients);
    CHECK(count(server, "RCPT") == recipients);
    CHECK(std::ranges::all_of(outcomes, [](const Outcome& outcome) {
        return outcome.disposition == Disposition::delivered;
    }));
}

TEST_CASE("what is offered is said, and what is not is left out") {
    struct Row {
        Lines offers;
        std::string mail;
        std::string rcpt;
    };
    const std::string all = mail + " SIZE=700 BODY=8BITMIME RET=HDRS ENVID=id1";
    const auto row = GENERATE_COPY(values<Row>({
        {{"SIZE 9000", "8BITMIME", "DSN"},
         all,
         rcpt + " NOTIFY=FAILURE,DELAY ORCPT=rfc822;x@example.org"},
        {{"8BITMIME", "DSN"},
         mail + " BODY=8BITMIME RET=HDRS ENVID=id1",
         rcpt + " NOTIFY=FAILURE,DELAY ORCPT=rfc822;x@example.org"},
        {{"SIZE", "8BITMIME"}, mail + " SIZE=700 BODY=8BITMIME", rcpt},
        {{"8BITMIME", "SMTPUTF8"}, mail + " BODY=8BITMIME", rcpt},
    }));
    World world;
    world.mail.size = 700;
    world.mail.body = smtp::Body::eight_bit_mime;
    world.mail.return_content = smtp::ReturnContent::headers;
    world.mail.envelope_id = "id1";
    world.recipients = {
        to("TO:<user@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;x@example.org")};
    NextHop& server = world.host("");
    server.offers = row.offers;
    CHECK(world.deliver_one().disposition == Disposition::delivered);
    CHECK(server.heard[1] == row.mail);
    CHECK(server.heard[2] == row.rcpt);
}

TEST_CASE("a host that lacks what the message needs is passed over, and final when all do") {
    const bool another = GENERATE(false, true);
    World world;
    std::string expected;
    SECTION("8BITMIME") {
        world.mail.body = smtp::Body::eight_bit_mime;
        expected = "5.6.3";
    }
    SECTION("SMTPUTF8") {
        world.mail.smtputf8 = true;
        expected = "5.6.7";
    }
    SECTION("SMTPUTF8, for one recipient") {
        world.recipients = {relay::test::recipient("TO:<j\u00f6rg@example.org>")};
        expected = "5.6.7";
    }
    NextHop& server = world.host("");
    server.offers.clear();
    if (another) world.host("");
    const Outcome outcome = world.deliver_one();
    CHECK(count(server, "MAIL") == 0);
    CHECK(outcome.disposition == (another ? Disposition::delivered : Disposition::failed));
    if (another) return;
    CHECK(outcome.cause == Cause::extension_missing);
    CHECK(status(outcome) == expected);
}

TEST_CASE("a recipient that cannot be said does not hold the others back") {
    World world;
    world.recipients = {relay::test::recipient("TO:<j\u00f6rg@example.org>"),
                        relay::test::recipient()};
    NextHop& server = world.host("");
    server.offers.clear();
    const auto outcomes = world.deliver_all();
    CHECK(outcomes[0].cause == Cause::extension_missing);
    CHECK(outcomes[1].disposition == Disposition::delivered);
    CHECK(count(server, "RCPT") == 1);
}

TEST_CASE("each recipient has the outcome that the host gave it (O16)") {
    World world;
    world.recipients = {
        to("TO:<good@example.org>"), to("TO:<gone@example.org>"), to("TO:<full@example.org>")};
    NextHop& server = world.host("");
    if (GENERATE(false, true)) server.offers.clear(); // no PIPELINING
    server.says["RCPT TO:<gone@example.org>"] = "550 5.1.1 no such user";
    server.says["RCPT TO:<full@example.org>"] = "452 4.2.2 mailbox full";
    const auto outcomes = world.deliver_all();
    CHECK(outcomes[0].disposition == Disposition::delivered);
    CHECK(outcomes[1].disposition == Disposition::failed);
    CHECK(outcomes[1].diagnostic() == "550 5.1.1 no such user");
    CHECK(status(outcomes[1]) == "5.1.1");
    CHECK(outcomes[2].disposition == Disposition::deferred);
    CHECK(status(outcomes[2]) == "4.2.2");
    CHECK(server.messages.size() == 1);
}

TEST_CASE("only what a host put off is said to the next one") {
    World world;
    world.recipients = {
        to("TO:<good@example.org>"), to("TO:<gone@example.org>"), to("TO:<full@example.org>")};
    NextHop& first = world.host("");
    first.says["RCPT TO:<gone@example.org>"] = "550 5.1.1 no such user";
    first.says["RCPT TO:<full@example.org>"] = "452 4.2.2 mailbox full";
    NextHop& second = world.host("");
    const auto outcomes = world.deliver_all();
    CHECK(outcomes[1].disposition == Disposition::failed);
    CHECK(outcomes[2].disposition == Disposition::delivered);
    CHECK(second.heard == Lines{ehlo, mail, "RCPT TO:<full@example.org>", "DATA", "QUIT"});
    CHECK(second.messages == first.messages);
}

TEST_CASE("no content is said when no recipient was accepted") {
    World world;
    NextHop& server = world.host("");
    server.says["RCPT"] = "550 5.1.1 no such user";
    CHECK(world.deliver_one().disposition == Disposition::failed);
    CHECK(server.heard == Lines{ehlo, mail, rcpt, "QUIT"});
}

TEST_CASE("a refusal with 5xx is final wherever it comes, and the next host is not asked") {
    const std::string verb = GENERATE("MAIL", "RCPT", "DATA", ".");
    const bool chunking = GENERATE(false, true);
    if (chunking && verb == "DATA") return;
    CAPTURE(verb);
    World world;
    NextHop& server = world.host("");
    if (chunking) server.offers.emplace_back("CHUNKING");
    server.says[verb] = "554 5.7.1 no";
    NextHop& next = world.host("");
    const Outcome outcome = world.deliver_one();
    CHECK(outcome.disposition == Disposition::failed);
    CHECK(outcome.cause == Cause::refused);
    CHECK(outcome.diagnostic() == "554 5.7.1 no");
    CHECK(next.connections == 0);
}

TEST_CASE("a message that was lost with its answer is put off, and no other host gets it") {
    const std::string_view reply =
        GENERATE(as<std::string_view>{}, NextHop::ending, NextHop::silence, "hello", "354 go");
    const bool chunking = GENERATE(false, true);
    CAPTURE(reply, chunking);
    World world;
    NextHop& server = world.host("");
    if (chunking) server.offers.emplace_back("CHUNKING");
    server.says["."] = reply;
    if (reply == NextHop::silence) world.environment.bounds.data_end = io::Duration{20};
    NextHop& next = world.host("");
    const Outcome outcome = world.deliver_one();
    CHECK(server.messages.size() == 1);
    CHECK(next.connections == 0);
    CHECK(outcome.disposition == Disposition::deferred);
    CHECK(outcome.cause == Cause::lost);
    CHECK(status(outcome) == "4.4.2");
}

TEST_CASE("a message that broke off before its end goes to the next host") {
    struct Row {
        std::string verb;
        std::string reply;
    };
    const auto row = GENERATE(values<Row>({{"MAIL", ""},
                                           {"MAIL", "354 go"},
                                           {"RCPT", ""},
                                           {"RCPT", "421 4.3.2 leaving"},
                                           {"DATA", ""},
                                           {"DATA", "250 ok"},
                                           {"DATA", "354 go\r\n250 2.0.0 taken already"},
                                           {"line", "451 4.3.0 disk full"},
                                           {"line", "what?"}}));
    CAPTURE(row.verb, row.reply);
    World world;
    world.content.text = lines_of(6 * content_together_bytes);
    world.content.piece_bytes = 4096;
    NextHop& server = world.host("");
    server.says[row.verb] = row.reply;
    NextHop& next = world.host("");
    CHECK(world.deliver_one().disposition == Disposition::delivered);
    CHECK(server.messages.empty());
    CHECK(next.messages.size() == 1);
}

TEST_CASE("a host that ends or speaks before the end of the message is told as it was") {
    struct Row {
        std::string reply; // to the first line
        std::string diagnostic;
    };
    const auto row = GENERATE(values<Row>({{"451 4.3.0 disk full", "451 4.3.0 disk full"},
                                           {"250 ok", "connection-lost: out of step: ok"},
                                           {"what?", "connection-lost: not an SMTP reply"}}));
    World world;
    world.content.text = lines_of(100);
    NextHop& server = world.host("");
    server.says["DATA"] = "354 go\r\n" + row.reply;
    const Outcome outcome = world.deliver_one();
    CHECK(outcome.disposition == Disposition::deferred);
    CHECK(outcome.diagnostic() == row.diagnostic);
    CHECK(server.messages.empty());
}

TEST_CASE("content is dot-stuffed behind DATA, and goes as it is by BDAT where that is offered") {
    const bool chunking = GENERATE(false, true);
    World world;
    world.content.text = ".\r\n..x\r\ny.\r\n";
    world.content.piece_bytes = GENERATE(1U, 2U, 3U, 100U);
    NextHop& server = world.host("");
    if (chunking) server.offers.emplace_back("CHUNKING");
    CHECK(world.deliver_one().disposition == Disposition::delivered);
    REQUIRE(server.messages.size() == 1);
    CHECK(server.messages[0] == (chunking ? ".\r\n..x\r\ny.\r\n" : "..\r\n...x\r\ny.\r\n"));
    CHECK(heard_verb(server, chunking ? "BDAT 12 LAST" : "DATA"));
    CHECK(heard_verb(server, "DATA") == !chunking);
}

TEST_CASE("content that does not fit one piece streams behind DATA") {
    struct Row {
        std::size_t bytes;
        bool one_piece;
    };
    const auto row = GENERATE(Row{0, true},
                              Row{content_together_bytes - 1, true},
                              Row{content_together_bytes, false},
                              Row{10 * content_together_bytes, false});
    CAPTURE(row.bytes);
    World world;
    const std::string text = lines_of(row.bytes);
    world.content.text = text;
    world.content.piece_bytes = 8192;
    NextHop& server = world.host("");
    server.offers.emplace_back("CHUNKING");
    CHECK(world.deliver_one().disposition == Disposition::delivered);
    CHECK(server.messages == Lines{text});
    CHECK(heard_verb(server, "BDAT") == row.one_piece);
}

TEST_CASE("content that cannot be read never becomes a message, and the fault is ours (O19)") {
    World world;
    SECTION("from the start") { world.content.unreadable_at = 0; }
    SECTION("in the middle of it") {
        world.content.text = lines_of(100'000);
        world.content.piece_bytes = 1000;
        world.content.unreadable_at = 90'000;
    }
    SECTION("as lines") { world.content.text = "one\ntwo\r\n"; }
    NextHop& server = world.host("");
    NextHop& next = world.host("");
    const Outcome outcome = world.deliver_one();
    CHECK(outcome.disposition == Disposition::deferred);
    CHECK(outcome.cause == Cause::ours);
    CHECK(server.messages.empty());
    CHECK(next.connections == 0);
}

TEST_CASE("a host that has enough recipients puts the rest off, whichever code it says") {
    struct Row {
        std::string reply;
        Disposition disposition;
    };
    const auto row = GENERATE(values<Row>({{"452 4.5.3 enough", Disposition::deferred},
                                           {"552 5.5.3 enough", Disposition::deferred},
                                           {"552 enough", Disposition::deferred},
                                           {"552 5.2.2 mailbox full", Disposition::failed}}));
    CAPTURE(row.reply);
    World world;
    world.recipients = {to("TO:<a@example.org>"), to("TO:<b@example.org>")};
    NextHop& server = world.host("");
    server.says["RCPT TO:<b@example.org>"] = row.reply;
    const auto outcomes = world.deliver_all();
    CHECK(outcomes[0].disposition == Disposition::delivered);
    CHECK(outcomes[1].disposition == row.disposition);
}

TEST_CASE("a host that leaves in the middle of the recipients has taken none") {
    World world;
    world.recipients = {
        to("TO:<a@example.org>"), to("TO:<b@example.org>"), to("TO:<c@example.org>")};
    NextHop& server = world.host("");
    server.says["RCPT TO:<b@example.org>"] = GENERATE(as<std::string>{}, "", "421 4.3.2 leaving");
    const auto outcomes = world.deliver_all();
    for (const Outcome& outcome : outcomes) {
        CHECK(outcome.disposition == Disposition::deferred);
    }
    CHECK(server.messages.empty());
}

} // namespace postern::deliver::test
