#include "gateway/deliver/schedule.h"

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <vector>

using namespace postern::deliver;
using namespace std::chrono_literals;

namespace {

constexpr Time arrival{std::chrono::seconds{1'000'000'000}};

Schedule exact() {
    Schedule schedule;
    schedule.jitter_percent = 0;
    return schedule;
}

Plan plan(const Schedule& schedule, unsigned attempts, Pause age, std::uint64_t random = 0) {
    return plan_after(schedule, {.arrival = arrival, .attempts = attempts}, arrival + age, random);
}

} // namespace

TEST_CASE("pauses are 5, 10, 20, 40 minutes, then an hour each") {
    const std::vector<Pause> pauses{5min, 10min, 20min, 40min, 1h, 1h, 1h};
    for (unsigned attempts = 1; attempts <= pauses.size(); ++attempts) {
        CAPTURE(attempts);
        const Plan made = plan(exact(), attempts, 1s);
        CHECK(made.next == Next::retry);
        CHECK(made.at == arrival + 1s + pauses[attempts - 1]);
    }
}

TEST_CASE("the last attempt is made when five days are over, and fails then") {
    CHECK(plan(exact(), 100, 119h).at == arrival + 120h);
    CHECK(plan(exact(), 100, 119h + 30min).at == arrival + 120h);
    CHECK(plan(exact(), 100, 120h - 1s).next == Next::retry);
    CHECK(plan(exact(), 100, 120h).next == Next::fail);
    CHECK_FALSE(plan(exact(), 100, 120h).warn);
    CHECK(expiry_of(exact(), arrival) == arrival + 120h);
}

TEST_CASE("a warning is due after four hours, once") {
    CHECK_FALSE(plan(exact(), 7, 4h - 1s).warn);
    CHECK(plan(exact(), 7, 4h).warn);
    const Waiting warned{.arrival = arrival, .attempts = 8, .warned = true};
    CHECK_FALSE(plan_after(exact(), warned, arrival + 5h, 0).warn);
    Schedule silent = exact();
    silent.warning = 0s;
    CHECK_FALSE(plan(silent, 8, 5h).warn);
}

TEST_CASE("every number is a setting") {
    const Schedule schedule{
        .pauses = {1s, 2s, 3s, 4s, 5s}, .jitter_percent = 0, .warning = 6s, .expiry = 100s};
    CHECK(plan(schedule, 4, 5s) == Plan{.next = Next::retry, .at = arrival + 9s, .warn = false});
    CHECK(plan(schedule, 5, 6s) == Plan{.next = Next::retry, .at = arrival + 11s, .warn = true});
    CHECK(plan(schedule, 5, 100s).next == Next::fail);
}

TEST_CASE("jitter reaches both of its ends and no further") {
    // 300 s by 10 %: 61 values from 270 s.
    CHECK(with_jitter(300s, 10, 0) == 270s);
    CHECK(with_jitter(300s, 10, 30) == 300s);
    CHECK(with_jitter(300s, 10, 60) == 330s);
    CHECK(with_jitter(300s, 10, 61) == 270s);
    CHECK(with_jitter(300s, 0, 12345) == 300s);
    CHECK(with_jitter(0s, 10, 12345) == 0s);
    const Pause any = with_jitter(120h, 100, std::numeric_limits<std::uint64_t>::max());
    CHECK(any >= 0s);
    CHECK(any <= 240h);
    CHECK(plan(Schedule{}, 1, 0s, 60).at == arrival + 330s);
}

TEST_CASE("a clock set back before the arrival plans as ever") {
    CHECK(plan(exact(), 1, -1h) ==
          Plan{.next = Next::retry, .at = arrival - 1h + 5min, .warn = false});
}
