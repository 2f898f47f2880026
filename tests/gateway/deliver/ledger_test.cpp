#include "gateway/deliver/ledger.h"

#include <catch2/catch.hpp>

#include <utility>

namespace postern::deliver::test {
namespace {

using Numbers = std::vector<std::size_t>;

Outcome delivered() {
    Outcome outcome;
    outcome.disposition = Disposition::delivered;
    return outcome;
}

Outcome of(Cause cause, std::string detail = "") { return outcome_of(cause, std::move(detail)); }

} // namespace

TEST_CASE("of what several hosts did the highest cause counts, of equals the first") {
    struct Row {
        Cause one;
        Cause other;
        Cause counts;
    };
    const auto row = GENERATE(
        Row{Cause::starttls_not_supported, Cause::certificate_expired, Cause::certificate_expired},
        Row{Cause::certificate_host_mismatch, Cause::unreachable, Cause::unreachable},
        Row{Cause::refused, Cause::validation_failure, Cause::validation_failure},
        Row{Cause::unreachable, Cause::postponed, Cause::postponed},
        Row{Cause::postponed, Cause::ours, Cause::ours});
    const bool swapped = GENERATE(false, true);
    Ledger ledger{1};
    ledger.weigh(of(swapped ? row.other : row.one, "first"));
    ledger.weigh(of(swapped ? row.one : row.other, "second"));
    ledger.weigh(of(row.counts, "third"));
    const auto outcomes = std::move(ledger).close(policy::OnTlsFailure::bounce);
    CHECK(outcomes[0].cause == row.counts);
    CHECK(outcomes[0].detail == (swapped ? "first" : "second"));
    const bool passing = is_passing(row.counts);
    CHECK(outcomes[0].disposition == (passing ? Disposition::deferred : Disposition::failed));
}

TEST_CASE("what a host has decided on is not open any more") {
    Ledger ledger{3};
    CHECK(ledger.open() == Numbers{0, 1, 2});
    CHECK_FALSE(ledger.any_settled());
    ledger.weigh(0, of(Cause::lost));
    ledger.settle(0, delivered());
    CHECK(ledger.open() == Numbers{1, 2});
    CHECK(ledger.any_settled());
    ledger.weigh(of(Cause::ours));
    ledger.settle(1, of(Cause::refused));
    ledger.settle(2, delivered());
    CHECK_FALSE(ledger.any_open());
    const auto outcomes = std::move(ledger).close(policy::OnTlsFailure::bounce);
    CHECK(outcomes[0].disposition == Disposition::delivered);
    CHECK(outcomes[1].cause == Cause::refused);
}

TEST_CASE("only TLS that fell short is tried again at the wish of the policy") {
    struct Row {
        Cause cause;
        Disposition disposition;
        std::uint16_t status;
    };
    const auto row = GENERATE(Row{Cause::refused, Disposition::failed, 5},
                              Row{Cause::extension_missing, Disposition::failed, 5},
                              Row{Cause::starttls_not_supported, Disposition::deferred, 4},
                              Row{Cause::certificate_host_mismatch, Disposition::deferred, 4},
                              Row{Cause::unresolved, Disposition::deferred, 4});
    Ledger ledger{1};
    ledger.weigh(of(row.cause));
    const auto outcomes = std::move(ledger).close(policy::OnTlsFailure::retry);
    CHECK(outcomes[0].disposition == row.disposition);
    CHECK(outcomes[0].status.status == row.status);
}

TEST_CASE("another way is for those of which every host fell short, and settles what it can") {
    Ledger ledger{5};
    ledger.settle(0, delivered());
    ledger.weigh(1, of(Cause::postponed));
    for (const std::size_t number : {2U, 3U, 4U}) {
        ledger.weigh(number, of(Cause::validation_failure, "first way"));
    }
    Ledger other = ledger.of_those_that_fell_short();
    CHECK(other.open() == Numbers{2, 3, 4});
    CHECK_FALSE(ledger.of_those_that_fell_short().open() == ledger.open());
    other.settle(2, delivered());
    other.weigh(3, of(Cause::certificate_host_mismatch, "other way"));
    other.weigh(4, of(Cause::unreachable, "other way"));
    ledger.take_from(other);
    CHECK(ledger.open() == Numbers{1, 3, 4});
    const auto outcomes = std::move(ledger).close(policy::OnTlsFailure::bounce);
    CHECK(outcomes[1].cause == Cause::postponed);
    CHECK(outcomes[2].disposition == Disposition::delivered);
    CHECK(outcomes[3].detail == "first way");
    CHECK(outcomes[4].detail == "other way");
}

} // namespace postern::deliver::test
