#include "gateway/receive/inbound_transaction.h"

#include "tests/gateway/receive/core.h"

namespace postern::receive::test {

TEST_CASE("MAIL begins a transaction, which keeps the policy it began with") {
    Core core;
    const policy::Snapshot* const before = core.policy.current().configuration->policy.get();
    const auto begun = core.mail("FROM:<\"A.b\"@Other.Example> SIZE=1000").value();
    core.adopt(rules);
    CHECK(&begun->policy() == before);
    CHECK(begun->sender().text() == "a.b@other.example");
    CHECK(begun->mail().size == 1000);
    CHECK(begun->id() != core.mail("FROM:<>").value()->id());
    CHECK(begun->recipients().empty());
    CHECK(begun->host().empty());
    CHECK(begun->route() == nullptr);
}

TEST_CASE("the null sender begins a transaction of nobody's") {
    Core core;
    CHECK(core.mail("FROM:<>").value()->sender().empty());
}

TEST_CASE("MAIL that is wrong, or of somebody who must never speak in clear, begins nothing") {
    struct Row {
        std::string_view argument;
        StartTls start_tls;
        std::string_view reply; // "" when it may begin
        std::string_view reply_in_tls;
    };
    const auto row = GENERATE(
        Row{"FROM:a@other.example>", StartTls::offered, "501 5.1.7", "501 5.1.7"},
        Row{"FROM:<a@other.example> AUTH=<>", StartTls::offered, "555 5.5.4", "555 5.5.4"},
        Row{"FROM:<a@other.example> SIZE=1001", StartTls::offered, "552 5.3.4", "552 5.3.4"},
        Row{"FROM:<a@never.example>", StartTls::offered, "530 5.7.10", ""}, // I7
        Row{"FROM:<a@never.example>", StartTls::not_offered, "451 4.7.0", ""},
        Row{"FROM:<a@early.example>", StartTls::offered, "", ""}); // not for every recipient
    CAPTURE(row.argument);
    Core core;
    const auto reply = [&] {
        const auto begun = core.mail(row.argument);
        return begun ? std::string{} : smtp::wire_text(begun.error());
    };
    core.facts.standing.start_tls = row.start_tls;
    CHECK_THAT(reply(), Catch::StartsWith(std::string{row.reply}));
    CHECK(reply().empty() == row.reply.empty());
    core.in_tls();
    CHECK_THAT(reply(), Catch::StartsWith(std::string{row.reply_in_tls}));
    CHECK(reply().empty() == row.reply_in_tls.empty());
    CHECK(core.policy.current().references == 0);
}

TEST_CASE("a recipient is answered by the next hop, and counts when that has accepted") {
    Core core;
    core.server.says["RCPT"] = "250 2.1.5 welcome";
    const auto transaction = core.mail("FROM:<a@other.example>").value();
    CHECK(core.rcpt(*transaction).wire == "250 2.1.5 welcome\r\n");
    core.server.says["RCPT"] = "550 5.1.1 nobody";
    CHECK(core.rcpt(*transaction, "TO:<nobody@example.org>").wire == "550 5.1.1 nobody\r\n");
    REQUIRE(transaction->recipients().size() == 1);
    CHECK(transaction->recipients().front().path.address() == "user@example.org");
    CHECK(transaction->host() == core.server.endpoint().text());
    CHECK(transaction->route()->name == "servers");
    CHECK(transaction->organization() == "example");
    CHECK(core.server.heard == Lines{"EHLO gateway.example.org",
                                     "MAIL FROM:<a@other.example>",
                                     "RCPT TO:<user@example.org>",
                                     "RCPT TO:<nobody@example.org>"});
}

TEST_CASE("a recipient who is not to have the message is never told to a next hop") {
    struct Row {
        std::string_view sender;
        std::string_view argument;
        std::string_view reply;
    };
    const auto row = GENERATE(values<Row>({
        {"a@other.example", "TO:<user@elsewhere.example>", "550 5.7.1 "},
        {"a@other.example", "TO:<user@sub.example.org>", "550 5.7.1 "},
        {"a@other.example", "TO:<user%elsewhere.example@elsewhere.example>", "550 5.7.1 "},
        {"a@other.example", "TO:<>", "501 5.1.3 "},
        {"a@other.example", "TO:user@example.org>", "501 5.1.3 "},
        {"a@other.example", "TO:<us\xc3\xa9r@example.org>", "553 5.6.7 "},
        {"a@early.example", "TO:<user@example.org>", "530 5.7.10 "}, // I7
    }));
    CAPTURE(row.argument);
    Core core;
    const auto transaction = core.mail("FROM:<" + std::string{row.sender} + ">").value();
    CHECK_THAT(core.rcpt(*transaction, row.argument).wire,
               Catch::StartsWith(std::string{row.reply}));
    CHECK(transaction->recipients().empty());
    CHECK(core.server.connections == 0);
}

TEST_CASE("an address beyond ASCII goes on where MAIL has asked for it") {
    Core core;
    const auto transaction = core.mail("FROM:<a@other.example> SMTPUTF8").value();
    CHECK(core.rcpt(*transaction, "TO:<us\xc3\xa9r@example.org>").code == 250);
    CHECK(core.server.heard.back() == "RCPT TO:<us\xc3\xa9r@example.org>");
}

TEST_CASE("the last recipient allowed is taken, one more is not, and is not told on") {
    Core core;
    core.settings.limits.recipients = 2;
    const auto transaction = core.transaction();
    CHECK(core.rcpt(*transaction, "TO:<two@example.org>").code == 250);
    CHECK_THAT(core.rcpt(*transaction, "TO:<three@example.org>").wire,
               Catch::StartsWith("452 4.5.3 "));
    CHECK(core.server.heard.back() == "RCPT TO:<two@example.org>");
}

TEST_CASE("a further recipient shares the next hop, and the settings unless all are met") {
    struct Row {
        std::string_view argument;
        std::string_view in_clear;
        std::string_view in_tls;
    };
    const auto row = GENERATE(values<Row>({
        {"TO:<two@example.org>", "250 ", "250 "},
        {"TO:<user@shop.example>", "452 4.5.3 ", "250 "}, // I8
        {"TO:<user@plain.example>", "452 4.5.3 ", "250 "},
        {"TO:<user@far.example>", "452 4.5.3 ", "452 4.5.3 "},
    }));
    CAPTURE(row.argument);
    const bool in_tls = GENERATE(false, true);
    CAPTURE(in_tls);
    Core core;
    if (in_tls) core.in_tls();
    const auto transaction = core.transaction();
    const std::string reply{in_tls ? row.in_tls : row.in_clear};
    CHECK_THAT(core.rcpt(*transaction, row.argument).wire, Catch::StartsWith(reply));
    CHECK(transaction->recipients().size() == (reply == "250 " ? 2 : 1));
    CHECK(transaction->organization() == "example");
    CHECK(core.far.connections == 0);
}

TEST_CASE("after a refusal of everybody so far, the next recipient is a first one again") {
    Core core;
    core.server.says["RCPT"] = "550 5.1.1 nobody";
    const auto transaction = core.mail("FROM:<a@other.example>").value();
    CHECK(core.rcpt(*transaction).code == 550);
    CHECK(transaction->route() == nullptr);
    CHECK(transaction->settings().empty());
    CHECK(transaction->organization().empty());
    CHECK(transaction->host().empty());
    CHECK(core.rcpt(*transaction, "TO:<user@far.example>").code == 250);
    CHECK(transaction->route()->name == "far");
    CHECK(core.far.heard.back() == "RCPT TO:<user@far.example>");
}

TEST_CASE("a postmaster without a domain is that of our host name, else of our first domain") {
    struct Row {
        std::string_view hostname;
        std::string_view argument;
        std::string said;
    };
    const auto row = GENERATE(values<Row>({
        {"gateway.example", "TO:<Postmaster>", "RCPT TO:<postmaster@example.org>"},
        {"shop.example", "TO:<POSTMASTER>", "RCPT TO:<postmaster@shop.example>"},
        {"plain.example", "TO:<postmaster>", "RCPT TO:<postmaster@plain.example>"},
    }));
    CAPTURE(row.hostname);
    Core core;
    core.settings.hostname = row.hostname;
    const auto transaction = core.mail("FROM:<a@other.example>").value();
    CHECK(core.rcpt(*transaction, row.argument).code == 250);
    CHECK(core.server.heard.back() == row.said);
}

TEST_CASE("where no domain is ours there is no postmaster either") {
    Core core{"[[route]]\nname = \"servers\"\ndomains = [\"*\"]\nhosts = [\"127.0.0.1:25\"]\n"};
    const auto transaction = core.mail("FROM:<a@other.example>").value();
    CHECK_THAT(core.rcpt(*transaction, "TO:<postmaster>").wire, Catch::StartsWith("550 5.7.1 "));
    CHECK(core.server.connections == 0);
}

TEST_CASE("a next hop that cannot be asked defers the recipient, and the log says why") {
    Core core;
    core.server.says["RCPT"] = NextHop::ending;
    const auto transaction = core.mail("FROM:<a@other.example>").value();
    CHECK_THAT(core.rcpt(*transaction).wire, Catch::StartsWith("451 4.4.2 "));
    CHECK(transaction->recipients().empty());
    const Lines lines = core.log.take();
    REQUIRE(lines.size() == 1);
    CHECK_THAT(
        lines[0],
        Catch::Contains(R"("event":"next_hop_failed")") &&
            Catch::Contains(R"("session":"session-1","message":")" + transaction->id()) &&
            Catch::Contains(R"("route":"servers","host":")" + core.server.endpoint().text()));
    core.server.says.clear();
    CHECK(core.rcpt(*transaction).code == 250);
    CHECK(core.server.connections == 2);
}

} // namespace postern::receive::test
