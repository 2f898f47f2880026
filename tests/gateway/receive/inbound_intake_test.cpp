#include "gateway/receive/inbound_intake.h"
#include "gateway/smtp/replies.h"

#include "tests/gateway/receive/message.h"

namespace postern::receive::test {
namespace {

using namespace std::string_literals;

} // namespace

TEST_CASE("not even DATA is said before the header section has ended") {
    Message message;
    message.take("From: a@other.example\r\n");
    message.take("Subject: x\r\n");
    CHECK(message.core.server.heard.empty());
    message.take("\r\n");
    CHECK(message.core.server.heard == Lines{"DATA"});
}

TEST_CASE("a message that may pass does, and one that may not is never begun at the next hop") {
    struct Row {
        std::string_view name;
        std::string content;
        Standing standing;
        std::string reply;
    };
    constexpr Standing clear;
    constexpr Standing no_tls{.achieved = {}, .start_tls = StartTls::not_offered};
    constexpr Standing tls{
        .achieved = {.level = policy::Demand::tls, .version = policy::TlsVersion::tls_1_2}};
    const std::string bank = "From: a@bank.example\r\n\r\nbody\r\n";
    const std::string hops = repeated("Received: x\r\n", 50);
    const std::string big = "X: " + std::string(19'993, 'x') + "\r\n";
    const std::string many = "From: " + repeated("a@other.example,", 999) + "a@other.example\r\n";
    const auto text = [](std::string_view one, std::string_view two) {
        return std::string{one} + std::string{two};
    };
    const std::vector<std::string> contents{
        bank,
        text("From: a@other.example\r\nFrom: a@bank.example\r\n", "\r\n"),
        "From: a@bank.example\r\n", // the message ends before its header section does
        "X: \0\r\n\r\n"s,
        text(hops, "\r\n"),
        text(hops, "Received: x\r\n\r\n"),
        text(big, "\r\n"), // with its end 20,000 bytes
        text(big, "\r\nX: y\r\n\r\n"),
        text(big, "X: y\r\n\r\n"),
        text(many, "\r\n"),
        text(many, "From: b@other.example\r\n\r\n"),
        "",
        "From: a@watched.example\r\n\r\n",
    };
    const auto row = GENERATE_COPY(values<Row>({
        {"listed, in clear", contents[0], clear, "550 5.7.10 "},
        {"listed, TLS not on offer", contents[0], no_tls, "451 4.7.0 "},
        {"listed, in TLS", contents[0], tls, "250 "},
        {"listed in a second From", contents[1], clear, "550 5.7.10 "},
        {"listed, without a body", contents[2], clear, "550 5.7.10 "},
        {"a NUL", contents[3], tls, "550 5.6.0 "},
        {"as many hops as may be", contents[4], clear, "250 "},
        {"one hop more", contents[5], clear, "554 5.4.6 "},
        {"as big a header as may be", contents[6], clear, "250 "},
        {"and a body", contents[7], clear, "250 "},
        {"a header bigger than that", contents[8], clear, "552 5.3.4 "},
        {"as many senders as may be", contents[9], clear, "250 "},
        {"one sender more", contents[10], tls, "550 5.6.0 "},
        {"nothing", contents[11], clear, "250 "},
        {"listed in report mode", contents[12], clear, "250 "},
    }));
    CAPTURE(row.name);
    Message message;
    message.core.settings.limits.header_section = 20'000;
    message.intake.emplace(message.core.surroundings, message.core.facts, *message.transaction);
    message.core.facts.standing = row.standing;
    message.take(row.content);
    const bool judged = message.intake->failed();
    const Spoken reply = message.finish();
    CHECK_THAT(reply.wire, Catch::StartsWith(row.reply));
    message.end();
    if (row.reply == "250 ") {
        CHECK_FALSE(judged);
        CHECK(message.core.server.messages.size() == 1);
    } else {
        CHECK(message.core.server.heard == Lines{"RSET"});
        CHECK(message.core.server.messages.empty());
    }
}

TEST_CASE("without a From field the envelope says whom a message is from") {
    const auto sender = GENERATE("a@bank.example", "a@other.example");
    Message message{"FROM:<" + std::string{sender} + ">"};
    message.take("no header at all, From: a@other.example\r\n");
    CHECK(message.finish().code == (sender == "a@bank.example"s ? 550 : 250));
}

TEST_CASE("what the next hop says to DATA or to the message is said to the client") {
    struct Row {
        std::string verb;
        std::string_view said;
        std::string_view reply;
        std::size_t log_lines; // one of the failure, where there is one, and one of the decision
    };
    const auto row = GENERATE(values<Row>({
        {"DATA", "554 5.7.1 not that one", "554 5.7.1 not that one\r\n", 1},
        {"DATA", "452 full", "452 full\r\n", 1},
        {".", "552 5.3.4 too big", "552 5.3.4 too big\r\n", 1},
        {".", "250 taken", "250 2.0.0 taken\r\n", 1},
        {"DATA", NextHop::ending, "451 4.4.2 ", 2},
        {".", NextHop::ending, "451 4.4.2 ", 2},
    }));
    CAPTURE(row.verb, row.said);
    Message message;
    message.core.server.says[row.verb] = row.said;
    message.take(other);
    CHECK_THAT(message.finish().wire, Catch::StartsWith(std::string{row.reply}));
    const Lines lines = message.core.log.take();
    REQUIRE(lines.size() == row.log_lines);
    CHECK_THAT(lines.back(), Catch::Contains(R"("event":"message")"));
    if (row.log_lines == 2) {
        CHECK_THAT(lines.front(), Catch::Contains(R"("event":"next_hop_failed")"));
    }
}

} // namespace postern::receive::test
