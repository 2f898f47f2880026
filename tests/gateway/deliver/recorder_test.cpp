#include "gateway/deliver/recorder.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "tests/gateway/deliver/post_office.h"

namespace postern::deliver::test {
namespace {

spool::Message message_to(std::string_view recipient) {
    spool::Message message;
    message.id = 255;
    message.mail = mail();
    message.content_bytes = 31;
    message.recipients.push_back({.envelope = to(recipient)});
    return message;
}

} // namespace

TEST_CASE("an attempt is one line of the trail, with what was demanded and what was proved") {
    PostOffice post;
    const auto policy = policy_of(setting("banks over TLS"));
    const spool::Message message = message_to("x@listed.example");
    const auto courses = courses_of(*policy, message, "", spool::test::noon);
    REQUIRE(courses.size() == 1);
    Outcome outcome = outcome_of(Cause::certificate_not_trusted, "self_signed");
    outcome.host = "mx.listed.example";
    outcome.address = "192.0.2.1:25";
    post.office.recorder.attempt({.policy = *policy,
                                  .message = message,
                                  .course = courses.front(),
                                  .recipient = 0,
                                  .outcome = outcome});
    CHECK(
        post.log.take() ==
        std::vector<std::string>{
            R"({"event":"delivery","message":"00000000000000ff",)"
            R"("direction":"outbound","from":["s@sender.example"],"to":["x@listed.example"],)"
            R"("settings":["banks over TLS"],"demand":"tls","achieved":"none",)"
            R"("tls_cause":"certificate-not-trusted: self_signed","verdict":"refused",)"
            R"("reply":"certificate-not-trusted: self_signed","host":"192.0.2.1:25","bytes":31})"});
    CHECK(post.counted(post.counters.deliveries) ==
          std::map<std::string, std::uint64_t>{{"refused", 1}});
    CHECK(post.counted(post.counters.delivery_causes) ==
          std::map<std::string, std::uint64_t>{{"certificate-not-trusted", 1}});
    CHECK(post.counted(post.counters.refusals_by_setting) ==
          std::map<std::string, std::uint64_t>{{"banks over TLS", 1}});
}

TEST_CASE("what is delivered has no cause") {
    PostOffice post;
    const auto policy = policy_of(setting("banks over TLS"));
    const spool::Message message = message_to("x@free.example");
    const auto courses = courses_of(*policy, message, "", spool::test::noon);
    REQUIRE(courses.size() == 1);
    Outcome outcome = outcome_of(Cause::none, "");
    outcome.disposition = Disposition::delivered;
    post.office.recorder.attempt({.policy = *policy,
                                  .message = message,
                                  .course = courses.front(),
                                  .recipient = 0,
                                  .outcome = outcome});
    CHECK(post.counted(post.counters.deliveries) ==
          std::map<std::string, std::uint64_t>{{"accepted", 1}});
    CHECK(post.counted(post.counters.delivery_causes).empty());
    CHECK(post.counted(post.counters.refusals_by_setting).empty());
}

TEST_CASE("reports, and those that nobody gets, are told of") {
    PostOffice post;
    const spool::Message message = message_to("x@listed.example");
    post.office.recorder.report(message, 256);
    post.office.recorder.report_dropped(message, "the sender is null");
    post.office.recorder.spool_failed(255, "load", spool::Error::damaged);
    const std::vector<std::string> lines = post.log.take();
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].contains(R"("event":"report")"));
    CHECK(lines[0].contains("0000000000000100"));
    CHECK(lines[1].contains(R"("cause":"the sender is null")"));
    CHECK(lines[2].contains(R"("event":"spool_failed")"));
    CHECK(post.counters.delivery_reports.value() == 1);
    CHECK(post.counters.spool_failures.value() == 1);
}

TEST_CASE("the size of the queue is there to be read") {
    PostOffice post;
    post.office.recorder.queue(7, 3);
    CHECK(post.counters.queue_waiting.value() == 7);
    CHECK(post.counters.queue_in_hand.value() == 3);
}

} // namespace postern::deliver::test
