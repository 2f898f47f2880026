#include "gateway/io/timer.h"

#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace postern::io {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// A timer that counts, and does what the test says when it expires.
class Alarm final : public Timer {
public:
    int times = 0;
    std::function<void()> then;

private:
    void expired() override {
        ++times;
        if (then) then();
    }
};

// A wheel with a clock that the test moves. It starts off a tick's edge.
struct Hand {
    Clock::time_point now = Clock::time_point{} + microseconds{123'456'789};
    TimerWheel wheel{now - microseconds{4321}};

    void arm(Timer& timer, Duration wait) { wheel.arm(timer, now, wait); }
    void pass(Clock::duration time) {
        now += time;
        wheel.advance(now);
    }
    // As a loop would: sleeps as long as the wheel says, over and over.
    void sleep_until(Clock::time_point end) {
        while (now < end) {
            const auto sleep = wheel.next(now);
            pass(sleep ? std::min<Clock::duration>(*sleep, end - now) : end - now);
        }
    }
};

} // namespace

TEST_CASE("a timer is never early and at most one tick late, on every wheel and across its edges") {
    const auto wait = GENERATE(as<milliseconds>{},
                               0,
                               1,
                               7,
                               8,
                               9,
                               15,
                               16,
                               17,
                               503,
                               504,
                               505,
                               511,
                               512,
                               513,
                               520,
                               32'759,
                               32'760,
                               32'768,
                               32'769,
                               33'000,
                               2'097'151,
                               2'097'152,
                               2'097'160,
                               86'399'999,
                               86'400'000);
    const auto offset = GENERATE(as<microseconds>{}, 0, 1, 4320, 4321, 7999, 500'000, 40'000'000);
    Hand hand;
    hand.pass(offset);
    Alarm alarm;
    const auto armed_at = hand.now;
    hand.arm(alarm, wait);

    hand.wheel.advance(armed_at + wait - microseconds{1});
    CHECK(alarm.times == 0);
    hand.wheel.advance(armed_at + wait + TimerWheel::tick);
    CHECK(alarm.times == 1);
    CHECK_FALSE(alarm.armed());
}

TEST_CASE(
    "a loop that sleeps as long as the wheel says wakes no later than a tick after the wait") {
    const auto wait = GENERATE(as<milliseconds>{}, 0, 1, 100, 600, 40'000, 3'000'000, 80'000'000);
    Hand hand;
    Alarm alarm;
    hand.arm(alarm, wait);
    const auto due = hand.now + wait;
    Clock::time_point fired{};
    alarm.then = [&] { fired = hand.now; };
    hand.sleep_until(due + milliseconds{20});
    REQUIRE(alarm.times == 1);
    CHECK(fired >= due);
    CHECK(fired <= due + TimerWheel::tick + milliseconds{1}); // sleeps are whole milliseconds
}

TEST_CASE("a wheel with nothing armed lets the loop sleep for ever") {
    Hand hand;
    CHECK_FALSE(hand.wheel.next(hand.now).has_value());
    Alarm alarm;
    hand.arm(alarm, milliseconds{50});
    CHECK(hand.wheel.next(hand.now).has_value());
    alarm.disarm();
    hand.sleep_until(hand.now + milliseconds{100});
    CHECK_FALSE(hand.wheel.next(hand.now).has_value());
    CHECK(alarm.times == 0);
}

TEST_CASE("a hundred thousand random timers fire when a plain reckoning says") {
    struct Planned {
        std::unique_ptr<Alarm> alarm;
        Clock::time_point due;
        bool disarmed = false;
    };
    std::mt19937_64 random{20261124};
    Hand hand;
    std::vector<Planned> all;
    int wrong = 0;
    const auto arm = [&](Planned& planned) {
        // Spread evenly over the magnitudes, so that every wheel is used.
        const auto wait = milliseconds{random() % (std::uint64_t{1} << (random() % 25))};
        planned.due = hand.now + wait;
        planned.disarmed = false;
        hand.arm(*planned.alarm, wait);
    };
    for (int i = 0; i < 100'000; ++i) {
        Planned& planned = all.emplace_back(std::make_unique<Alarm>(), Clock::time_point{});
        Alarm* const alarm = planned.alarm.get();
        const auto index = all.size() - 1;
        alarm->then = [&, index] {
            const Planned& self = all[index];
            const bool right = !self.disarmed && hand.now >= self.due;
            if (!right) ++wrong;
        };
        arm(planned);
        if (random() % 4 == 0) arm(all[random() % all.size()]);
        if (random() % 8 == 0) {
            Planned& other = all[random() % all.size()];
            other.alarm->disarm();
            other.disarmed = true;
        }
        if (random() % 16 == 0) {
            hand.pass(microseconds{random() % 30'000});
        }
    }
    // Steps from microseconds to hours; after each one everything overdue has fired.
    while (hand.wheel.next(hand.now)) {
        hand.pass(microseconds{random() % (std::uint64_t{1} << (random() % 33))});
        if (random() % 64 != 0) continue;
        for (const Planned& planned : all) {
            if (planned.alarm->armed() && planned.due + TimerWheel::tick < hand.now) ++wrong;
        }
    }
    CHECK(wrong == 0);
    int silent = 0;
    for (const Planned& planned : all) {
        CHECK_FALSE(planned.alarm->armed());
        if (planned.alarm->times == 0 && !planned.disarmed) ++silent;
    }
    CHECK(silent == 0);
}

TEST_CASE("arming an armed timer moves it, sooner and later") {
    Hand hand;
    Alarm alarm;
    hand.arm(alarm, milliseconds{100});
    hand.arm(alarm, hours{1});
    hand.pass(milliseconds{200});
    CHECK(alarm.times == 0);
    hand.arm(alarm, milliseconds{10});
    hand.pass(milliseconds{20});
    CHECK(alarm.times == 1);
    hand.pass(hours{2});
    CHECK(alarm.times == 1);
}

TEST_CASE("a timer may arm itself again while it expires") {
    Hand hand;
    Alarm alarm;
    alarm.then = [&] { hand.arm(alarm, milliseconds{0}); };
    hand.arm(alarm, milliseconds{0});
    hand.pass(TimerWheel::tick);
    CHECK(alarm.times == 1); // not twice in one step, and not for ever
    CHECK(alarm.armed());
    hand.pass(TimerWheel::tick);
    CHECK(alarm.times == 2);
}

TEST_CASE("a timer may disarm or destroy another that is due at the same time") {
    Hand hand;
    Alarm first;
    auto second = std::make_unique<Alarm>();
    Alarm third;
    first.then = [&] {
        second.reset();
        third.disarm();
    };
    hand.arm(first, milliseconds{5});
    hand.arm(*second, milliseconds{5});
    hand.arm(third, milliseconds{5});
    hand.pass(milliseconds{50});
    CHECK(first.times == 1);
    CHECK(third.times == 0);
}

TEST_CASE("a timer may destroy itself while it expires") {
    Hand hand;
    auto alarm = std::make_unique<Alarm>();
    Alarm after;
    alarm->then = [&] { alarm.reset(); };
    hand.arm(*alarm, milliseconds{5});
    hand.arm(after, milliseconds{5});
    hand.pass(milliseconds{50});
    CHECK(alarm == nullptr);
    CHECK(after.times == 1);
}

TEST_CASE("timers of one tick fire in the order in which they were armed") {
    Hand hand;
    std::vector<int> order;
    std::vector<std::unique_ptr<Alarm>> alarms;
    for (int i = 0; i < 5; ++i) {
        alarms.push_back(std::make_unique<Alarm>());
        alarms.back()->then = [&order, i] { order.push_back(i); };
        hand.arm(*alarms.back(), milliseconds{30});
    }
    hand.pass(milliseconds{50});
    CHECK(order == std::vector{0, 1, 2, 3, 4});
}

TEST_CASE("a wait beyond a day is cut to a day, a negative one to none") {
    Hand hand;
    Alarm alarm;
    hand.arm(alarm, hours{1000});
    hand.pass(hours{24} - milliseconds{1});
    CHECK(alarm.times == 0);
    hand.pass(milliseconds{1} + TimerWheel::tick);
    CHECK(alarm.times == 1);
    hand.arm(alarm, Duration::min());
    hand.pass(TimerWheel::tick);
    CHECK(alarm.times == 2);
    hand.arm(alarm, Duration::max());
    hand.pass(hours{1});
    CHECK(alarm.times == 2);
}

TEST_CASE("a clock that stands still or steps back fires nothing twice") {
    Hand hand;
    Alarm alarm;
    hand.arm(alarm, milliseconds{10});
    hand.wheel.advance(hand.now);
    hand.wheel.advance(hand.now - hours{1});
    CHECK(alarm.times == 0);
    hand.pass(milliseconds{20});
    hand.wheel.advance(hand.now - milliseconds{10});
    CHECK(alarm.times == 1);
}

TEST_CASE("timers that outlive their wheel go quietly") {
    Alarm one;
    Alarm other;
    {
        Hand hand;
        hand.arm(one, milliseconds{10});
        hand.arm(other, milliseconds{10});
    }
    one.disarm();
    CHECK_FALSE(one.armed());
}

} // namespace postern::io
