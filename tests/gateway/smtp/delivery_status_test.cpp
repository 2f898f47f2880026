#include "gateway/smtp/delivery_status.h"
#include "gateway/smtp/utf8.h"
#include "gateway/smtp/xtext.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "tests/gateway/smtp/report_samples.h"

using namespace postern::smtp;
using namespace postern::smtp::test;

namespace {

std::string status(const ReportedRecipient& recipient) {
    return delivery_status(facts_of(recipient), reporter());
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

} // namespace

TEST_CASE("a failure has every field of RFC 3464 that there is something to say in") {
    ReportedRecipient recipient = mismatch();
    recipient.trouble = Trouble::refused;
    recipient.reply = "550-5.1.1 no such\n550 5.1.1 user";
    recipient.recipient.original = "rfc822;b+2Bo+20b@bank.example";
    ReportFacts facts = facts_of(recipient);
    facts.mail.envelope_id = "QQ+2B314";
    CHECK(delivery_status(facts, reporter()) ==
          "Reporting-MTA: dns; mx1.sender.example\r\n"
          "Original-Envelope-Id: QQ+314\r\n"
          "Arrival-Date: Tue, 1 Jul 2003 10:52:37 +0200\r\n"
          "\r\n"
          "Original-Recipient: rfc822; b+o b@bank.example\r\n"
          "Final-Recipient: rfc822; bob@bank.example\r\n"
          "Action: failed\r\n"
          "Status: 5.7.5\r\n"
          "Remote-MTA: dns; mx.bank.example\r\n"
          "Diagnostic-Code: smtp; 550-5.1.1 no such 550 5.1.1 user\r\n"
          "Last-Attempt-Date: Tue, 1 Jul 2003 10:52:39 +0200\r\n");
}

TEST_CASE("no host reached, no Remote-MTA; nothing said, no type smtp") {
    ReportedRecipient recipient = delayed();
    const std::string told = status(recipient);
    CHECK_FALSE(has(told, "Remote-MTA"));
    CHECK_FALSE(has(told, "Original-"));
    CHECK(has(told, "Diagnostic-Code: x-postern; unreachable\r\n"));
    CHECK(has(told, "Action: delayed\r\nStatus: 4.4.1\r\n"));
    CHECK(has(told, "Will-Retry-Until: Sun, 6 Jul 2003 10:52:37 +0200\r\n"));
    CHECK(has(status(mismatch()),
              "Diagnostic-Code: x-postern; certificate-host-mismatch: issued for\r\n"
              "\twww.bank.example\r\n"));
    CHECK_FALSE(has(status(mismatch()), "Will-Retry-Until"));
    recipient = relayed();
    recipient.reply = "";
    CHECK_FALSE(has(status(recipient), "Diagnostic-Code"));
}

TEST_CASE("actions are spelt as RFC 3464 spells them") {
    struct Row {
        Action action;
        std::string_view line;
    };
    for (const Row& row : {Row{Action::failed, "Action: failed\r\n"},
                           Row{Action::delayed, "Action: delayed\r\n"},
                           Row{Action::delivered, "Action: delivered\r\n"},
                           Row{Action::relayed, "Action: relayed\r\n"},
                           Row{Action::expanded, "Action: expanded\r\n"}}) {
        ReportedRecipient recipient = mismatch();
        recipient.action = row.action;
        CHECK(has(status(recipient), row.line));
    }
}

TEST_CASE("each recipient has fields of its own behind an empty line") {
    ReportFacts facts = facts_of(mismatch());
    facts.recipients.push_back(relayed());
    const std::string told = delivery_status(facts, reporter());
    CHECK(has(told, "+0200\r\n\r\nFinal-Recipient: rfc822; bob@bank.example\r\n"));
    CHECK(has(told, "+0200\r\n\r\nFinal-Recipient: rfc822; carol@bank.example\r\n"));
}

TEST_CASE("addresses beyond ASCII have the form of RFC 6533") {
    ReportedRecipient recipient = mismatch("b\xC3\xB6@b\xC3\xA4nk.example");
    recipient.recipient.original = "utf-8;\xE3\x81\x82@bank.example";
    const std::string told = status(recipient);
    CHECK(has(told, "Original-Recipient: utf-8; \\x{3042}@bank.example\r\n"));
    CHECK(has(told, "Final-Recipient: utf-8; b\\x{F6}@b\\x{E4}nk.example\r\n"));
    CHECK(is_ascii(told));
}

TEST_CASE("foreign text makes no field and no line of its own") {
    ReportedRecipient recipient = mismatch();
    recipient.reply = "550 a\r\nAction: delivered\r\n\r\n\x1B\xC3\xB6" + std::string(3000, 'x');
    recipient.host = "mx\r\nStatus: 2.0.0";
    recipient.recipient.original = "rfc822;a+0D+0AAction:+20relayed";
    ReportFacts facts = facts_of(recipient);
    append_xtext(facts.mail.envelope_id, "id\r\n\r\nStatus: 2.0.0");
    const std::string told = delivery_status(facts, reporter());
    CHECK(is_ascii(told));
    CHECK_FALSE(has(told, "\nAction: delivered"));
    CHECK_FALSE(has(told, "\nAction: relayed"));
    CHECK_FALSE(has(told, "\nStatus: 2.0.0"));
    CHECK(told.find("\r\n\r\n") == told.rfind("\r\n\r\n"));
    CHECK(has(told, "smtp; 550 a? Action: delivered? ?\r\n\t???xxx"));
    for (std::string_view rest = told; !rest.empty();) {
        const std::size_t end = rest.find("\r\n");
        REQUIRE(end != std::string_view::npos);
        CHECK(end <= 998);
        rest.remove_prefix(end + 2);
    }
}
