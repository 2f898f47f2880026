#include "gateway/deliver/bounce.h"
#include "gateway/smtp/delivery_report.h"

#include <catch2/catch.hpp>

#include "tests/gateway/deliver/post_office.h"

namespace postern::deliver::test {
namespace {

using smtp::Trouble;
using spool::test::Fault;

smtp::ReportedRecipient failed(const spool::Recipient& recipient) {
    return reported(
        recipient, outcome_of(Cause::no_such_domain, "NXDOMAIN"), smtp::Action::failed, "");
}

// A message in hand, and the report about it as it waits in the queue.
struct Reporting {
    PostOffice post;
    spool::Message message;

    explicit Reporting(std::string content, io::FileFault* fault = nullptr) : post(fault) {
        post.adopt();
        post.submit({to("a@one.example")},
                    relay::test::mail_from("FROM:<s@sender.example>"),
                    std::move(content));
        message = post.queue.loaded(post.spool().page(0, 1).front().id);
    }
    std::expected<void, spool::Error> report(bool confidential = false) {
        return awaited(
            post.loop(),
            send_report(post.office, message, {failed(message.recipients.front())}, confidential));
    }
    std::string text() {
        const auto all = post.queue.all();
        REQUIRE(all.size() == 1);
        return all.begin()->second;
    }
};

} // namespace

TEST_CASE("a report goes from nobody to the sender, into the queue, and is due at once") {
    Reporting reporting("Subject: hello\r\n\r\nhow are you?\r\n");
    REQUIRE(reporting.report());
    const std::string text = reporting.text();
    CHECK(text.contains("Subject: hello"));
    CHECK_FALSE(text.contains("how are you?"));
    CHECK(text.contains("Reporting-MTA: dns; gateway.example.org"));
    const auto id = reporting.post.spool().page(0, 2).back().id;
    const spool::Message report = reporting.post.queue.loaded(id);
    CHECK(report.mail.sender.is_null());
    REQUIRE(report.recipients.size() == 1);
    CHECK(report.recipients[0].envelope.path.address() == "s@sender.example");
    CHECK(report.recipients[0].envelope.notify.never);
    CHECK(report.recipients[0].next == reporting.post.time);
    CHECK(reporting.post.counters.delivery_reports.value() == 1);
}

TEST_CASE("a message is sent back whole when the sender asked for it, unless it is confidential") {
    const auto confidential = GENERATE(false, true);
    Reporting reporting("Subject: hello\r\n\r\nhow are you?\r\n");
    reporting.message.mail.return_content = smtp::ReturnContent::full;
    REQUIRE(reporting.report(confidential));
    CHECK(reporting.text().contains("how are you?") != confidential);
}

TEST_CASE("of a long message a report has the header only, however long that is") {
    std::string header = "Subject: hello\r\n";
    while (header.size() < 3 * smtp::returned_header_bytes_max) {
        header += "X-Filler: " + std::string(60, 'x') + "\r\n";
    }
    Reporting reporting(header + "\r\nhow are you?\r\n");
    reporting.message.mail.return_content = smtp::ReturnContent::full;
    REQUIRE(reporting.report());
    const std::string text = reporting.text();
    CHECK(text.contains("Subject: hello"));
    CHECK_FALSE(text.contains("how are you?"));
    CHECK(text.size() < 2 * smtp::returned_header_bytes_max);
}

TEST_CASE("a report speaks the language of the settings") {
    const auto language = GENERATE(gateway::Language::english, gateway::Language::japanese);
    Reporting reporting("Subject: hello\r\n\r\n");
    reporting.post.settings.report_language = language;
    reporting.post.adopt();
    REQUIRE(reporting.report());
    const bool japanese = language == gateway::Language::japanese;
    CHECK(reporting.text().contains("Content-Language: ja") == japanese);
}

TEST_CASE("content that cannot be read is left out, and the report goes") {
    Fault disk{io::FileOperation::read};
    Reporting reporting("Subject: hello\r\n\r\n", &disk);
    disk.code = EIO;
    REQUIRE(reporting.report());
    disk.code = 0;
    CHECK_FALSE(reporting.text().contains("Subject: hello"));
    CHECK(reporting.post.counters.spool_failures.value() == 1);
}

TEST_CASE("a report that cannot be written is not there") {
    Fault disk{io::FileOperation::write};
    Reporting reporting("Subject: hello\r\n\r\n", &disk);
    disk.code = ENOSPC;
    const auto sent = reporting.report();
    REQUIRE_FALSE(sent);
    CHECK(sent.error() == spool::Error::full);
    CHECK(reporting.post.waiting() == 0);
    CHECK(reporting.post.counters.delivery_reports.value() == 0);
}

TEST_CASE("every cause is told to people as what it is") {
    struct Row {
        Cause cause;
        int code;
        Trouble trouble;
    };
    const auto row = GENERATE(values<Row>({
        {Cause::none, 0, Trouble::none},
        {Cause::no_such_domain, 0, Trouble::no_such_domain},
        {Cause::takes_no_mail, 0, Trouble::no_mail_accepted},
        {Cause::refused, 550, Trouble::refused},
        {Cause::extension_missing, 0, Trouble::not_capable},
        {Cause::starttls_not_supported, 0, Trouble::starttls_not_supported},
        {Cause::starttls_not_supported, 454, Trouble::starttls_refused},
        {Cause::validation_failure, 0, Trouble::handshake_failed},
        {Cause::certificate_not_trusted, 0, Trouble::certificate_not_trusted},
        {Cause::certificate_expired, 0, Trouble::certificate_expired},
        {Cause::certificate_host_mismatch, 0, Trouble::certificate_host_mismatch},
        {Cause::unresolved, 0, Trouble::unreachable},
        {Cause::unreachable, 0, Trouble::unreachable},
        {Cause::lost, 0, Trouble::unreachable},
        {Cause::postponed, 450, Trouble::deferred},
        {Cause::ours, 0, Trouble::ours},
    }));
    CAPTURE(row.cause);
    Outcome outcome = outcome_of(row.cause, "why");
    outcome.code = row.code;
    CHECK(trouble_of(outcome) == row.trouble);
}

TEST_CASE("a report has the host's own words, and none of ours for its") {
    const spool::Recipient recipient{.envelope = to("a@one.example"), .attempts = 3};
    Outcome outcome = outcome_of(Cause::refused, "");
    outcome.host = "mx.one.example";
    outcome.code = 550;
    outcome.reply = "5.1.1 nobody";
    const auto refused = reported(recipient, outcome, smtp::Action::failed, "banks over TLS");
    CHECK(refused.host == "mx.one.example");
    CHECK(refused.reply == "550 5.1.1 nobody");
    CHECK(refused.setting == "banks over TLS");
    CHECK(refused.attempts == 3);
    CHECK(failed(recipient).reply.empty());
    CHECK(failed(recipient).detail == "NXDOMAIN");
}

} // namespace postern::deliver::test
