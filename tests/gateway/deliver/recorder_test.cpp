#include "gateway/deliver/recorder.h"

#include <catch2/catch.hpp>

#include "tests/gateway/deliver/post_office.h"

namespace postern::deliver::test {
namespace {

using Counted = std::map<std::string, std::uint64_t>;

// An attempt at mail for a listed domain, in clear unless the test says otherwise.
struct Recorded {
    std::shared_ptr<const policy::Snapshot> policy;
    spool::Message message;
    std::vector<Course> courses;
    report::Counters counters;
    gateway::test::Log log;
    Recorder recorder{counters, log.journal()};

    explicit Recorded(const std::string& mode = "enforce")
        : policy(policy_of(setting("banks over TLS", mode))) {
        message.id = 0xabc;
        message.content_bytes = 42;
        message.mail = mail();
        message.recipients.push_back({.envelope = to("a@listed.example")});
        courses = courses_of(*policy, message, "", {});
    }
    std::string attempt(const Outcome& outcome) {
        recorder.attempt({.policy = *policy,
                          .message = message,
                          .course = courses.at(0),
                          .recipient = 0,
                          .outcome = outcome,
                          .took = std::chrono::milliseconds{7}});
        return line();
    }
    std::string line() {
        const Lines lines = log.take();
        REQUIRE(lines.size() == 1);
        return lines.front();
    }
};

Outcome delivered() {
    Outcome outcome = outcome_of(Cause::none, "");
    outcome.disposition = Disposition::delivered;
    outcome.host = "mx.listed.example";
    outcome.address = "192.0.2.1:25";
    outcome.code = 250;
    outcome.reply = "2.0.0 ok";
    return outcome;
}

Outcome in_tls() {
    Outcome outcome = delivered();
    outcome.tls =
        Protection{.achieved = {.level = Demand::tls_trusted, .version = TlsVersion::tls_1_3},
                   .cipher = "TLS_AES_128_GCM_SHA256",
                   .group = "X25519"};
    return outcome;
}

} // namespace

TEST_CASE("one line says who, to whom, what was demanded, and what was proved") {
    Recorded recorded;
    const std::string line = recorded.attempt(in_tls());
    for (const std::string_view part : {R"("event":"delivery")",
                                        R"("message":"0000000000000abc")",
                                        R"("direction":"outbound")",
                                        R"("from":["s@sender.example"])",
                                        R"("to":["a@listed.example"])",
                                        R"("settings":["banks over TLS"])",
                                        R"("demand":"tls")",
                                        R"("achieved":"tls-trusted")",
                                        R"("tls_version":"1.3")",
                                        R"("tls_cipher":"TLS_AES_128_GCM_SHA256")",
                                        R"("verdict":"accepted")",
                                        R"("reply":"250 2.0.0 ok")",
                                        R"("host":"192.0.2.1:25")",
                                        R"("bytes":42)"}) {
        CAPTURE(line, part);
        CHECK(line.contains(part));
    }
}

TEST_CASE("what did not get there is counted by its cause, and by the settings when that is TLS") {
    struct Row {
        Cause cause;
        Disposition disposition;
        Counted deliveries;
        Counted causes;
        Counted settings;
    };
    const auto row = GENERATE(values<Row>({
        {Cause::none, Disposition::delivered, {{"accepted", 1}}, {}, {}},
        {Cause::refused, Disposition::failed, {{"refused", 1}}, {{"refused", 1}}, {}},
        {Cause::postponed, Disposition::deferred, {{"deferred", 1}}, {{"postponed", 1}}, {}},
        {Cause::ours, Disposition::deferred, {{"deferred", 1}}, {{"own-fault", 1}}, {}},
        {Cause::certificate_expired,
         Disposition::failed,
         {{"refused", 1}},
         {{"certificate-expired", 1}},
         {{"banks over TLS", 1}}},
    }));
    CAPTURE(row.cause);
    Recorded recorded;
    Outcome outcome = outcome_of(row.cause, "why");
    outcome.disposition = row.disposition;
    const std::string line = recorded.attempt(outcome);
    CHECK(line.contains("certificate-expired: why") == is_tls(row.cause));
    CHECK(PostOffice::counted(recorded.counters.deliveries) == row.deliveries);
    CHECK(PostOffice::counted(recorded.counters.delivery_causes) == row.causes);
    CHECK(PostOffice::counted(recorded.counters.refusals_by_setting) == row.settings);
}

TEST_CASE("what a setting on trial would have refused is counted, when it got there all the same") {
    Recorded recorded("report");
    CHECK(recorded.attempt(in_tls()).contains(R"("reported":["banks over TLS"])"));
    CHECK(PostOffice::counted(recorded.counters.deliveries) == Counted{{"accepted", 1}});
    CHECK(recorded.attempt(delivered()).contains(R"("demand":"none")"));
    CHECK(PostOffice::counted(recorded.counters.deliveries) ==
          Counted{{"accepted", 2}, {"reported", 1}});
    CHECK_FALSE(recorded.attempt(outcome_of(Cause::unreachable, "")).empty());
    CHECK(PostOffice::counted(recorded.counters.deliveries)["reported"] == 1);
}

TEST_CASE("foreign words do not break a line") {
    Recorded recorded;
    Outcome outcome = outcome_of(Cause::refused, "");
    outcome.code = 550;
    outcome.reply = "\"}\n{\"event\":\"forged\"";
    const std::string line = recorded.attempt(outcome);
    CHECK_FALSE(line.contains(R"("event":"forged")"));
}

TEST_CASE("reports, dropped reports and the disk's faults have a line each") {
    Recorded recorded;
    recorded.recorder.report(recorded.message, 0xdef);
    const std::string report = recorded.line();
    CHECK(report.contains(R"("event":"report")"));
    CHECK(report.contains("0000000000000abc"));
    CHECK(report.contains("0000000000000def"));
    CHECK(recorded.counters.delivery_reports.value() == 1);
    recorded.recorder.report_dropped(recorded.message, "the sender is null");
    CHECK(recorded.line().contains("the sender is null"));
    recorded.recorder.spool_failed(0xabc, "load", spool::Error::damaged);
    CHECK(recorded.line().contains(R"("event":"spool_failed")"));
    CHECK(recorded.counters.spool_failures.value() == 1);
    recorded.recorder.queue(3, 2);
    CHECK(recorded.counters.queue_waiting.value() == 3);
    CHECK(recorded.counters.queue_in_hand.value() == 2);
}

} // namespace postern::deliver::test
