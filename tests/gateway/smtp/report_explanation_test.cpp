#include "gateway/smtp/report_explanation.h"
#include "gateway/smtp/utf8.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "tests/gateway/smtp/report_samples.h"

using namespace postern::smtp;
using namespace postern::smtp::test;

namespace {

std::string explanation(const ReportedRecipient& recipient, Language language = Language::english) {
    Reporter by = reporter();
    by.language = language;
    return report_explanation(facts_of(recipient), by, Returned::header);
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

constexpr Trouble troubles[]{
    Trouble::none,
    Trouble::starttls_not_supported,
    Trouble::starttls_refused,
    Trouble::handshake_failed,
    Trouble::version_too_low,
    Trouble::certificate_not_trusted,
    Trouble::certificate_expired,
    Trouble::certificate_host_mismatch,
    Trouble::refused,
    Trouble::deferred,
    Trouble::unreachable,
    Trouble::no_such_domain,
    Trouble::no_mail_accepted,
    Trouble::not_capable,
    Trouble::ours,
    Trouble::other,
};

} // namespace

TEST_CASE("a failure of TLS is told in full: who, which host, what, which setting, tried once") {
    CHECK(explanation(mismatch()) ==
          "This is the mail gateway mx1.sender.example.\r\n"
          "\r\n"
          "The message that you (alice@sender.example) sent, and that we took on\r\n"
          "Tue, 1 Jul 2003 10:52:37 +0200, did not reach everybody it was meant for:\r\n"
          "\r\n"
          "* bob@bank.example\r\n"
          "  was NOT delivered (5.7.5).\r\n"
          "\r\n"
          "The certificate of the mail server mx.bank.example was made out\r\n"
          "for a different host name.\r\n"
          "In detail: issued for www.bank.example\r\n"
          "\r\n"
          "The setting \"banks over TLS\" of this gateway\r\n"
          "requires secure transport (TLS) for mail to this recipient.\r\n"
          "Delivery was tried once. Nothing of the message was sent in clear.\r\n"
          "Only those who run the mail of bank.example can change this:\r\n"
          "please forward this report to them, or reach the recipient another way.\r\n"
          "\r\n"
          "Technical data for administrators and the header of your message are\r\n"
          "attached. Questions are answered by postmaster@sender.example.\r\n");
}

TEST_CASE("every trouble and every action has words in both languages") {
    for (const Language language : {Language::english, Language::japanese}) {
        for (const Trouble trouble : troubles) {
            CAPTURE(text(trouble));
            ReportedRecipient recipient = mismatch();
            recipient.trouble = trouble;
            const std::string told = explanation(recipient, language);
            CHECK(is_utf8(told));
            CHECK(has(told, "Nothing of the message was sent in clear") == is_about_tls(trouble));
            CHECK(has(told, "banks over TLS") == is_about_tls(trouble));
        }
        for (const Action action : {Action::delivered, Action::relayed, Action::expanded}) {
            ReportedRecipient recipient = relayed();
            recipient.action = action;
            CHECK(has(explanation(recipient, language), "carol@bank.example"));
        }
    }
}

TEST_CASE("Japanese stands before English, and both tell the same facts") {
    const std::string told = explanation(mismatch(), Language::japanese);
    const std::size_t english = told.find("This is the mail gateway");
    REQUIRE(english != std::string::npos);
    const std::string_view japanese = std::string_view(told).substr(0, english);
    CHECK_FALSE(is_ascii(japanese));
    CHECK(is_ascii(std::string_view(told).substr(english)));
    for (const std::string_view fact : {"mx1.sender.example",
                                        "alice@sender.example",
                                        "bob@bank.example",
                                        "mx.bank.example",
                                        "issued for www.bank.example",
                                        "banks over TLS",
                                        "5.7.5",
                                        "postmaster@sender.example"}) {
        CAPTURE(fact);
        CHECK(has(japanese, fact));
    }
}

TEST_CASE("a setting that keeps trying in TLS, and gives up, tells how often and since when") {
    ReportedRecipient recipient = mismatch();
    recipient.attempts = 127;
    recipient.status = delivery_time_expired;
    const std::string told = explanation(recipient);
    CHECK(has(told, "Delivery was tried 127 times."));
    CHECK(has(told, "We have been trying until Tue, 1 Jul 2003 10:52:39 +0200"));
    CHECK_FALSE(has(told, "tried once"));
    CHECK_FALSE(has(explanation(mismatch()), "given up"));
}

TEST_CASE("a delay says until when we go on, and that nothing has to be done") {
    const std::string told = explanation(delayed());
    CHECK(has(told, "THIS IS A WARNING ONLY"));
    CHECK(has(told, "dave@slow.example\r\n  is delayed (4.4.1).\r\n"));
    CHECK(has(told, "The mail servers of slow.example could not be reached."));
    CHECK(has(told, "We go on trying until Sun, 6 Jul 2003 10:52:37 +0200."));
}

TEST_CASE("the subject and the opening tell of the worst") {
    ReportFacts facts = facts_of(relayed());
    CHECK(report_subject(facts, Language::english) == "Your message was delivered");
    facts.recipients.push_back(delayed());
    CHECK(report_subject(facts, Language::english) == "Your message is delayed");
    facts.recipients.push_back(mismatch());
    CHECK(report_subject(facts, Language::english) == "Your message could not be delivered");
    const std::string told = report_explanation(facts, reporter(), Returned::message);
    CHECK(has(told, "carol@bank.example\r\n  was passed on to the server mx.bank.example"));
    CHECK(has(told, "dave@slow.example\r\n  is delayed"));
    CHECK(has(told, "bob@bank.example\r\n  was NOT delivered"));
    CHECK(has(told, "administrators and your message are attached"));
}

TEST_CASE("a reply is quoted line by line, indented, cleaned, wrapped and bounded") {
    ReportedRecipient recipient = mismatch();
    recipient.trouble = Trouble::refused;
    recipient.reply = "550-first\n550 second \x1B[2J\r\nsubject: x\xFF\n\n550 " +
                      std::string(70, 'w') + " next \xE3\x81\x82";
    CHECK(has(explanation(recipient),
              "The mail server mx.bank.example said:\r\n"
              "    550-first\r\n"
              "    550 second ?[2J?\r\n"
              "    subject: x?\r\n"
              "    550\r\n"
              "     " +
                  std::string(70, 'w') +
                  "\r\n"
                  "     next \xE3\x81\x82\r\n"));

    recipient.reply = "550 ";
    for (int i = 0; i < 5000; ++i)
        recipient.reply += "\xE3\x81\x82";
    const std::string told = explanation(recipient);
    CHECK(told.size() < 4000);
    CHECK(is_utf8(told));
}

TEST_CASE("a recipient without a domain is one of ours") {
    ReportedRecipient recipient = delayed("Postmaster");
    CHECK(has(explanation(recipient), "The mail servers of mx1.sender.example"));
}
