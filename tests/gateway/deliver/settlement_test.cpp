#include "gateway/deliver/settlement.h"

#include <catch2/catch.hpp>

#include "tests/gateway/deliver/post_office.h"

namespace postern::deliver::test {
namespace {

using Numbers = std::vector<std::uint32_t>;
using spool::test::noon;

const Schedule schedule;

Outcome outcome(Cause cause) {
    Outcome made = outcome_of(cause, "why");
    if (cause == Cause::none) made.disposition = Disposition::delivered;
    return made;
}

// A message for some recipients, and what an attempt at it comes to.
struct Attempted {
    explicit Attempted(std::vector<std::string_view> parameters = {""},
                       std::string_view sender = "s@sender.example") {
        message.arrival = noon;
        message.mail = mail(sender);
        for (const std::string_view parameter : parameters) {
            message.recipients.push_back({.envelope = to("a@one.example", parameter)});
        }
    }

    spool::Message message;
    Course course;
    Settlement settlement{message, schedule};

    Outcome settle(Cause cause, Time now = noon, std::uint32_t recipient = 0) {
        return settlement.settle(course, recipient, outcome(cause), now, 0);
    }
};

} // namespace

TEST_CASE("a recipient keeps what its last attempt has said") {
    Attempted attempted({"", ""});
    Outcome refusal = outcome(Cause::refused);
    refusal.host = "mx.one.example";
    refusal.code = 550;
    refusal.reply = "5.1.1 nobody";
    refusal.status = {.status = 5, .subject = 1, .detail = 1};
    [[maybe_unused]] const Outcome counted =
        attempted.settlement.settle(attempted.course, 1, refusal, noon, 0);
    const spool::Recipient& recipient = attempted.message.recipients[1];
    CHECK(recipient.state == spool::State::failed);
    CHECK(recipient.attempts == 1);
    CHECK(recipient.last == noon);
    CHECK(recipient.status == "5.1.1");
    CHECK(recipient.remote == "mx.one.example");
    CHECK(recipient.diagnostic == "550 5.1.1 nobody");
    CHECK(attempted.settlement.changed() == Numbers{1});
    CHECK(attempted.message.recipients[0].attempts == 0);
}

TEST_CASE("when nobody was asked it is no attempt, and no longer wait") {
    Outcome spared = outcome(Cause::unreachable);
    spared.asked_from = noon + Pause{90};
    Attempted attempted;
    spool::Recipient& recipient = attempted.message.recipients[0];
    const auto settle = [&](Time now) {
        return attempted.settlement.settle(attempted.course, 0, spared, now, 0).disposition;
    };
    CHECK(settle(noon) == Disposition::deferred);
    CHECK(recipient.attempts == 0);
    CHECK(recipient.last == Time{});
    CHECK(recipient.next == noon + Pause{90});
    CHECK(recipient.diagnostic == "unreachable: why");

    recipient.attempts = 3;
    recipient.diagnostic = "450 4.2.1 later";
    CHECK(settle(noon + Pause{10}) == Disposition::deferred);
    CHECK(recipient.attempts == 3);
    CHECK(recipient.diagnostic == "450 4.2.1 later");

    // The sender is told of the delay all the same, and of the end.
    CHECK(settle(noon + schedule.warning) == Disposition::deferred);
    CHECK(attempted.settlement.reported().size() == 1);
    CHECK(settle(noon + schedule.expiry) == Disposition::failed);
    CHECK(recipient.state == spool::State::failed);
}

TEST_CASE("deferred is failed at the end of the time, and only then (O14)") {
    const auto cause = GENERATE(Cause::postponed, Cause::unreachable, Cause::ours);
    Attempted before;
    const Time end = noon + schedule.expiry;
    CHECK(before.settle(cause, end - Pause{1}).disposition == Disposition::deferred);
    CHECK(before.message.recipients[0].state == spool::State::waiting);
    CHECK(before.message.recipients[0].next == end);

    Attempted after;
    const Outcome counted = after.settle(cause, end);
    CHECK(counted.disposition == Disposition::failed);
    CHECK(counted.cause == cause);
    CHECK(after.message.recipients[0].state == spool::State::failed);
    CHECK(after.message.recipients[0].status == "5.4.7");
    REQUIRE(after.settlement.reported().size() == 1);
    CHECK(after.settlement.reported()[0].status == smtp::delivery_time_expired);
}

TEST_CASE("a warning says until when the message is kept, and is sent once") {
    Attempted attempted;
    [[maybe_unused]] const Outcome early =
        attempted.settle(Cause::postponed, noon + schedule.warning - Pause{1});
    CHECK(attempted.settlement.reported().empty());
    [[maybe_unused]] const Outcome late =
        attempted.settle(Cause::postponed, noon + schedule.warning);
    [[maybe_unused]] const Outcome later =
        attempted.settle(Cause::postponed, noon + schedule.warning + Pause{1});
    REQUIRE(attempted.settlement.reported().size() == 1);
    const smtp::ReportedRecipient& warned = attempted.settlement.reported()[0];
    CHECK(warned.action == smtp::Action::delayed);
    CHECK(warned.retry_until == std::chrono::system_clock::to_time_t(expiry_of(schedule, noon)));
    CHECK(attempted.message.recipients[0].attempts == 3);
}

TEST_CASE("one report is about all that failed, and says why somebody is not in it (O17)") {
    Attempted attempted({"", "NOTIFY=NEVER", ""});
    for (const std::uint32_t recipient : {0U, 1U, 2U}) {
        [[maybe_unused]] const Outcome counted =
            attempted.settle(Cause::no_such_domain, noon, recipient);
    }
    CHECK(attempted.settlement.reported().size() == 2);
    CHECK(attempted.settlement.untold() == "NOTIFY does not ask for it");

    Attempted of_nobody({""}, "");
    [[maybe_unused]] const Outcome counted = of_nobody.settle(Cause::no_such_domain);
    CHECK(of_nobody.settlement.reported().empty());
    CHECK(of_nobody.settlement.untold() == "the sender is null");
    CHECK(of_nobody.settlement.changed() == Numbers{0});
}

TEST_CASE("a report names the strictest of the settings that matched") {
    static const auto named = [](std::string_view name) {
        policy::Setting setting;
        setting.name = name;
        return setting;
    };
    // Rows refer to them from one run of the case to the next.
    static const policy::Setting lax = named("lax");
    static policy::Setting newer = named("newer");
    newer.minimum_tls_version = policy::TlsVersion::tls_1_3;
    static policy::Setting strict = named("strict");
    strict.require_trusted_certificate = true;
    struct Row {
        std::vector<const policy::Setting*> settings;
        std::string_view named;
    };
    const auto row = GENERATE_REF(Row{{}, ""},
                                  Row{{&lax}, "lax"},
                                  Row{{&lax, &newer}, "newer"},
                                  Row{{&lax, &strict, &newer}, "strict"});
    Attempted attempted;
    for (const policy::Setting* setting : row.settings) {
        attempted.course.demanded.matches.push_back({.setting = setting, .entry = {}});
    }
    [[maybe_unused]] const Outcome counted = attempted.settle(Cause::certificate_not_trusted);
    REQUIRE(attempted.settlement.reported().size() == 1);
    CHECK(attempted.settlement.reported()[0].setting == row.named);
}

} // namespace postern::deliver::test
