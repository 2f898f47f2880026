#include "gateway/deliver/bounce.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "tests/gateway/deliver/post_office.h"

namespace postern::deliver::test {
namespace {

Outcome outcome(Cause cause, int code = 0) {
    Outcome made = outcome_of(cause, "why");
    made.code = code;
    made.reply = "no";
    made.host = "mx.example.org";
    return made;
}

// Sends a report about the one message that waits, and gives its text.
std::string report_of(PostOffice& post, const Outcome& of, bool confidential) {
    const spool::Message message = post.queue.loaded(post.spool().entries().front().id);
    auto entry = reported(message.recipients.front(), of, smtp::Action::failed, "banks");
    const auto sent =
        awaited(post.loop(), send_report(post.office, message, {entry}, confidential));
    REQUIRE(sent);
    const spool::Message queued = post.queue.loaded(post.spool().entries().back().id);
    CHECK(queued.mail.sender.is_null());
    REQUIRE(queued.recipients.size() == 1);
    CHECK(queued.recipients.front().envelope.path.address() == "s@sender.example");
    CHECK(queued.recipients.front().envelope.notify.never);
    std::string text = post.queue.content_of(queued).value();
    post.spool().put_back(queued);
    post.spool().put_back(message);
    return text;
}

} // namespace

TEST_CASE("people are told every cause in their words") {
    struct Row {
        Cause cause;
        int code;
        smtp::Trouble trouble;
    };
    const auto row = GENERATE(values<Row>({
        {Cause::none, 250, smtp::Trouble::none},
        {Cause::no_such_domain, 0, smtp::Trouble::no_such_domain},
        {Cause::takes_no_mail, 0, smtp::Trouble::no_mail_accepted},
        {Cause::refused, 550, smtp::Trouble::refused},
        {Cause::extension_missing, 0, smtp::Trouble::not_capable},
        {Cause::starttls_not_supported, 0, smtp::Trouble::starttls_not_supported},
        {Cause::starttls_not_supported, 454, smtp::Trouble::starttls_refused},
        {Cause::validation_failure, 0, smtp::Trouble::handshake_failed},
        {Cause::certificate_not_trusted, 0, smtp::Trouble::certificate_not_trusted},
        {Cause::certificate_expired, 0, smtp::Trouble::certificate_expired},
        {Cause::certificate_host_mismatch, 0, smtp::Trouble::certificate_host_mismatch},
        {Cause::unresolved, 0, smtp::Trouble::unreachable},
        {Cause::unreachable, 0, smtp::Trouble::unreachable},
        {Cause::lost, 0, smtp::Trouble::unreachable},
        {Cause::postponed, 450, smtp::Trouble::deferred},
        {Cause::ours, 0, smtp::Trouble::ours},
    }));
    CAPTURE(text(row.cause), row.code);
    CHECK(trouble_of(outcome(row.cause, row.code)) == row.trouble);
}

TEST_CASE("a reply is reported as it was said, and only if one was") {
    spool::Recipient recipient{.envelope = to("a@b.example")};
    recipient.attempts = 3;
    const auto refused =
        reported(recipient, outcome(Cause::refused, 550), smtp::Action::failed, "");
    CHECK(refused.reply == "550 no");
    CHECK(refused.attempts == 3);
    CHECK(refused.host == "mx.example.org");
    CHECK(refused.setting == "");
    const auto silent =
        reported(recipient, outcome(Cause::unreachable), smtp::Action::delayed, "banks");
    CHECK(silent.reply == "");
    CHECK(silent.detail == "why");
    CHECK(silent.setting == "banks");
}

TEST_CASE("a report is queued for the sender, with the header of the message and not its body") {
    PostOffice post;
    post.adopt();
    post.submit("a@b.example");
    const std::string text = report_of(post, outcome(Cause::starttls_not_supported), true);
    CHECK(text.contains("Subject: hello\r\n"));
    CHECK_FALSE(text.contains("how are you?"));
    CHECK(text.contains("Status: 5.7.10\r\n"));
    CHECK(text.contains("Final-Recipient: rfc822; a@b.example\r\n"));
    CHECK(text.contains("banks"));
    CHECK(post.counters.delivery_reports.value() == 1);
}

TEST_CASE("a disk that takes no report is told of, and nothing is queued") {
    spool::test::Fault fault{io::FileOperation::write};
    PostOffice post{&fault};
    post.adopt();
    post.submit("a@b.example");
    const spool::Message message = post.queue.loaded(post.spool().entries().front().id);
    fault.code = EIO;
    const auto entry = reported(
        message.recipients.front(), outcome(Cause::refused, 550), smtp::Action::failed, "");
    CHECK_FALSE(awaited(post.loop(), send_report(post.office, message, {entry}, false)));
    fault.code = 0;
    post.spool().put_back(message);
    CHECK(post.waiting() == 1);
}

} // namespace postern::deliver::test
