#include "gateway/smtp/delivery_report.h"
#include "gateway/smtp/utf8.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/gateway/directory.h"
#include "tests/gateway/smtp/report_samples.h"

using namespace postern::smtp;
using namespace postern::smtp::test;

namespace {

constexpr std::string_view original = "From: Alice <alice@sender.example>\r\n"
                                      "Subject: The contract\r\n"
                                      "Message-ID: <1@sender.example>\r\n"
                                      "\r\n"
                                      "The secret.\r\n";

using Facts = std::vector<std::string>;

// What tests/gateway/smtp/read_report.py finds in it, sorted.
Facts read_elsewhere(const std::string& report) {
    struct Closer {
        void operator()(std::FILE* pipe) const { CHECK(pclose(pipe) == 0); }
    };
    const postern::gateway::test::Directory directory;
    const std::string command = "/usr/bin/python3 " POSTERN_SOURCE_DIR
                                "/tests/gateway/smtp/read_report.py " +
                                directory.write("report", report);
    std::string text;
    {
        const std::unique_ptr<std::FILE, Closer> pipe{popen(command.c_str(), "r")};
        REQUIRE(pipe != nullptr);
        std::array<char, 4096> block{};
        while (const std::size_t size = std::fread(block.data(), 1, block.size(), pipe.get()))
            text.append(block.data(), size);
    }
    Facts facts;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        facts.emplace_back(line);
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
    return facts;
}

bool has(const Facts& facts, std::string_view fact) {
    return std::ranges::find(facts, fact) != facts.end();
}

bool has_kind(const Facts& facts, std::string_view kind) {
    return std::ranges::any_of(facts,
                               [&](const std::string& fact) { return fact.starts_with(kind); });
}

Facts of_kind(const Facts& facts, std::string_view kind) {
    Facts found;
    for (const std::string& fact : facts)
        if (fact.starts_with(kind)) found.push_back(fact);
    return found;
}

// What holds of every report.
void check_lines(const DeliveryReport& report) {
    CHECK(report.mail.sender.is_null());
    CHECK(report.mail.size == report.text.size());
    CHECK(report.recipient.notify == Notify{.never = true});
    CHECK((is_ascii(report.text) || report.mail.body == Body::eight_bit_mime ||
           report.mail.smtputf8));
    CHECK(report.text.ends_with("--\r\n"));
    for (std::string_view rest = report.text; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find("\r\n"));
        CHECK(line.size() <= 998);
        CHECK(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
        rest.remove_prefix(std::min(line.size() + 2, rest.size()));
    }
}

DeliveryReport write(const ReportFacts& facts,
                     const OriginalText& of = {.text = original, .whole = true},
                     const Reporter& by = reporter()) {
    DeliveryReport report = write_report(facts, by, of);
    check_lines(report);
    return report;
}

// Everything that another reader finds, which never is a defect.
Facts read_back(const ReportFacts& facts,
                const OriginalText& of = {.text = original, .whole = true},
                const Reporter& by = reporter()) {
    Facts found = read_elsewhere(write(facts, of, by).text);
    CHECK_FALSE(has_kind(found, "defect"));
    CHECK(has(found, "preamble None epilogue ''"));
    CHECK(has(found, "type multipart/report delivery-status"));
    CHECK(of_kind(found, "part ").size() == 3);
    return found;
}

ReportFacts full(ReportedRecipient recipient) {
    ReportFacts facts = facts_of(std::move(recipient));
    facts.mail.return_content = ReturnContent::full;
    facts.confidential = false;
    return facts;
}

} // namespace

TEST_CASE("a report of failure, read by software that is not ours") {
    const Facts found = read_back(facts_of(mismatch()));
    CHECK(of_kind(found, "header ").size() == 8);
    CHECK(has(found, "header From: Mail Delivery System <postmaster@sender.example>"));
    CHECK(has(found, "header To: alice@sender.example"));
    CHECK(has(found, "header Subject: Your message could not be delivered"));
    CHECK(has(found, "header Date: Tue, 01 Jul 2003 10:52:40 +0200"));
    CHECK(has(found, "header Message-ID: <64535e1c0b2a1-0-1f@mx1.sender.example>"));
    CHECK(has(found, "header Auto-Submitted: auto-replied"));
    CHECK(has(found, "header MIME-Version: 1.0"));
    CHECK(has(found, "part text/plain 7bit us-ascii en"));
    CHECK(has(found, "text * bob@bank.example"));
    CHECK(has(found, "part message/delivery-status 7bit - -"));
    CHECK(of_kind(found, "status") ==
          Facts{"status0 Reporting-MTA: dns; mx1.sender.example",
                "status0 Arrival-Date: Tue, 1 Jul 2003 10:52:37 +0200",
                "status1 Final-Recipient: rfc822; bob@bank.example",
                "status1 Action: failed",
                "status1 Status: 5.7.5",
                "status1 Remote-MTA: dns; mx.bank.example",
                "status1 Diagnostic-Code: x-postern; certificate-host-mismatch: issued for "
                "www.bank.example",
                "status1 Last-Attempt-Date: Tue, 1 Jul 2003 10:52:39 +0200"});
    CHECK(has(found, "part text/rfc822-headers 7bit - -"));
    CHECK(of_kind(found, "original") == Facts{"original From: Alice <alice@sender.example>",
                                              "original Subject: The contract",
                                              "original Message-ID: <1@sender.example>"});
}

TEST_CASE("reports of delay and success, and of several recipients, are read likewise") {
    Facts found = read_back(facts_of(delayed()));
    CHECK(has(found, "header Subject: Your message is delayed"));
    CHECK(has(found, "status1 Action: delayed"));
    CHECK(has(found, "status1 Will-Retry-Until: Sun, 6 Jul 2003 10:52:37 +0200"));

    for (const Action action : {Action::relayed, Action::delivered, Action::expanded}) {
        ReportedRecipient recipient = relayed();
        recipient.action = action;
        found = read_back(facts_of(recipient));
        CHECK(has(found, "header Subject: Your message was delivered"));
        CHECK(has(found, "status1 Action: " + std::string(text(action))));
        CHECK(has(found, "status1 Diagnostic-Code: smtp; 250 2.0.0 queued as 4711"));
    }

    ReportFacts facts = facts_of(mismatch());
    facts.mail.envelope_id = "x+2By";
    facts.recipients.push_back(delayed());
    facts.recipients.push_back(relayed());
    facts.recipients.back().recipient.original = "rfc822;c+2Bd@old.example";
    found = read_back(facts);
    CHECK(has(found, "status0 Original-Envelope-Id: x+y"));
    CHECK(has(found, "status1 Action: failed"));
    CHECK(has(found, "status2 Action: delayed"));
    CHECK(has(found, "status3 Action: relayed"));
    CHECK(has(found, "status3 Original-Recipient: rfc822; c+d@old.example"));
}

TEST_CASE("a Japanese report is read as it was written, subject included") {
    Reporter by = reporter();
    by.language = Language::japanese;
    for (const auto& recipient : {mismatch(), delayed(), relayed()}) {
        const ReportFacts facts = facts_of(recipient);
        CHECK(is_ascii(write(facts, {.text = original}, by).text));
        const Facts found = read_back(facts, {.text = original}, by);
        CHECK(has(found, "part text/plain quoted-printable utf-8 ja, en"));
        CHECK(has(found, "text こちらはメールゲートウェイ mx1.sender.example です。"));
        CHECK(has(found, "text This is the mail gateway mx1.sender.example."));
    }
    CHECK(has(read_back(facts_of(mismatch()), {.text = original}, by),
              "header Subject: メールを配信できませんでした"));
    CHECK(has(read_back(facts_of(delayed()), {.text = original}, by),
              "header Subject: メールの配信が遅れています"));
}

TEST_CASE("addresses and header fields beyond ASCII arrive") {
    ReportFacts facts = facts_of(mismatch("b\xC3\xB6@bank.example"));
    facts.mail.sender = path_of("al\xC3\xAF"
                                "ce@sender.example");
    facts.mail.smtputf8 = true;
    const std::string_view with_utf8 = "Subject: \xC3\xB6\xE3\x81\x82\r\n\r\n";
    const DeliveryReport report = write(facts, {.text = with_utf8});
    CHECK(report.mail.smtputf8);
    CHECK(report.mail.body == Body::seven_bit);
    const Facts found = read_back(facts, {.text = with_utf8});
    CHECK(has(found,
              "header To: al\xC3\xAF"
              "ce@sender.example"));
    CHECK(has(found, "text * b\xC3\xB6@bank.example"));
    CHECK(has(found, "status1 Final-Recipient: utf-8; b\\x{F6}@bank.example"));
    CHECK(has(found, "part text/rfc822-headers quoted-printable utf-8 -"));
    CHECK(has(found, "original Subject: \xC3\xB6\xE3\x81\x82"));
}

TEST_CASE("header fields in no known charset, and lines without end, arrive too") {
    std::string foreign = "Subject: \xF6\r\nX-Long: " + std::string(5000, 'x') + "\r\n\r\n";
    const Facts found = read_back(facts_of(mismatch()), {.text = foreign});
    CHECK(has(found, "part text/rfc822-headers quoted-printable unknown-8bit -"));
    CHECK(has(found, "original Subject: \xC3\xB6"));
    CHECK(has(found, "original X-Long: " + std::string(5000, 'x')));
}

TEST_CASE("the message goes back whole only with RET=FULL, after a failure, not secret, small") {
    ReportedRecipient refused = mismatch();
    refused.trouble = Trouble::refused;
    refused.setting = "";
    const ReportFacts asked = full(refused);
    CHECK(returns_message(asked));

    ReportFacts facts = asked;
    facts.mail.return_content = ReturnContent::headers;
    CHECK_FALSE(returns_message(facts));
    facts.mail.return_content = ReturnContent::unspecified;
    CHECK_FALSE(returns_message(facts));
    facts = asked;
    facts.confidential = true;
    CHECK_FALSE(returns_message(facts));
    CHECK(write(facts).text.find("The secret.") == std::string::npos);
    facts = asked;
    facts.message_bytes = returned_message_bytes_max;
    CHECK(returns_message(facts));
    ++facts.message_bytes;
    CHECK_FALSE(returns_message(facts));
    CHECK_FALSE(returns_message(full(delayed())));
    CHECK_FALSE(returns_message(full(relayed())));
    facts = full(relayed());
    facts.recipients.push_back(refused);
    CHECK(returns_message(facts));

    const Facts found = read_back(asked);
    CHECK(has(found, "part message/rfc822 7bit - -"));
    CHECK(has(found, "original Subject: The contract"));
    CHECK(has(found, "body The secret.\\n"));
    CHECK(write(asked, {.text = original}).text.find("The secret.") == std::string::npos);
}

TEST_CASE("a message in eight bits goes back in eight bits, and says so") {
    const ReportFacts asked = full(mismatch());
    const std::string eight = std::string(original) + "\xC3\xB6\r\n";
    const DeliveryReport report = write(asked, {.text = eight, .whole = true});
    CHECK(report.mail.body == Body::eight_bit_mime);
    CHECK_FALSE(report.mail.smtputf8);
    Facts found = read_back(asked, {.text = eight, .whole = true});
    CHECK(has(found, "header Content-Transfer-Encoding: 8bit"));
    CHECK(has(found, "part message/rfc822 8bit - -"));
    CHECK(has(found, "body The secret.\\n\xC3\xB6\\n"));

    ReportFacts utf8 = asked;
    utf8.mail.smtputf8 = true;
    found = read_back(utf8, {.text = eight, .whole = true});
    CHECK(has(found, "part message/global 8bit - -"));
}

TEST_CASE("a message that cannot be put into another as it is goes back as its header") {
    const std::string long_line = std::string(original) + std::string(999, 'x') + "\r\n";
    const Facts found = read_back(full(mismatch()), {.text = long_line, .whole = true});
    CHECK(has(found, "part text/rfc822-headers 7bit - -"));
    CHECK(has(found, "text Technical data for administrators and the header of your message are"));
}

TEST_CASE("a header section is sent back by whole fields up to its bound") {
    const std::string field = "X-Field: " + std::string(89, 'x') + "\r\n"; // 100 bytes
    std::string header;
    while (header.size() < returned_header_bytes_max + 1000)
        header += field;
    const std::string text = write(facts_of(mismatch()), {.text = header + "\r\nThe secret."}).text;
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find(field, at)) != std::string::npos; at += field.size())
        ++count;
    CHECK(count == returned_header_bytes_max / field.size());
    CHECK(text.find("The secret.") == std::string::npos);
}

TEST_CASE("a message without a header section is reported too") {
    for (const std::string_view text : {"", "\r\n", "\r\nbody\r\n", "no field"}) {
        CAPTURE(text);
        const Facts found = read_back(facts_of(mismatch()), {.text = text});
        CHECK(has(found, "part text/rfc822-headers 7bit - -"));
    }
}

TEST_CASE("the boundary is one that does not occur, whoever guesses it") {
    const std::string guessed = "=_64535e1c0b2a1-0-1f_";
    const std::string message =
        std::string(original) + "--" + guessed + "0--\r\n" + "--" + guessed + "1\r\n\r\nforged\r\n";
    const ReportFacts facts = full(mismatch());
    const DeliveryReport report = write(facts, {.text = message, .whole = true});
    CHECK(report.text.find("boundary=\"" + guessed + "2\"") != std::string::npos);
    const Facts found = read_back(facts, {.text = message, .whole = true});
    CHECK(
        has(found, "body The secret.\\n--" + guessed + "0--\\n--" + guessed + "1\\n\\nforged\\n"));
}

TEST_CASE("hostile words of other hosts change nothing about the structure") {
    ReportedRecipient recipient = mismatch();
    recipient.trouble = Trouble::refused;
    recipient.reply = "550 \r\n--=_64535e1c0b2a1-0-1f_0--\r\n\r\n\x01\xE2\x80\xAE\xFF" +
                      std::string(100000, 'x') + "\n550 =?utf-8?Q?x?=";
    recipient.host = std::string(2000, 'h') + "\r\n\r\n";
    recipient.detail = std::string(5000, 'd');
    recipient.setting = "a \"setting\" \xE3\x81\x82";
    ReportFacts facts = facts_of(recipient);
    facts.recipients.push_back(mismatch("\"a  b\\\"\"@bank.example"));
    facts.recipients.back().recipient.original = "x-400;" + std::string(490, 'o');
    const Facts found = read_back(facts);
    CHECK(of_kind(found, "status1").size() == 6);
    CHECK(has(found, "status2 Final-Recipient: rfc822; \"a b\\\"\"@bank.example")); // reader folds
    CHECK(has(found, "status2 Original-Recipient: x-400; " + std::string(490, 'o')));
    CHECK(of_kind(found, "original").size() == 3);
}
