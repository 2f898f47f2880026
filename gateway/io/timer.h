#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace postern::io {

using Clock = std::chrono::steady_clock;
using Duration = std::chrono::milliseconds;

class TimerWheel;

// Something that happens later, once. Lives inside what waits for it; its owner may arm and disarm
// it as often as it likes, in constant time and without allocating. Disarms itself when destroyed.
class Timer {
public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    virtual ~Timer() { disarm(); }

    void disarm();
    [[nodiscard]] bool armed() const { return next_ != nullptr; }

protected:
    // Called on the ring's thread when the time is up; the timer is disarmed already.
    virtual void expired() = 0;

private:
    friend class TimerWheel;
    Timer* next_ = nullptr;
    Timer* previous_ = nullptr;
    std::uint64_t due_ = 0; // in ticks since the wheel's start
};

// Every timer of one core, hung into four wheels of 64 slots: 8 ms, 0.5 s, 33 s and 35 min a slot.
// A timer fires up to one tick late, never early. One thread only.
class TimerWheel {
public:
    static constexpr Duration tick{8};

    explicit TimerWheel(Clock::time_point start);
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;
    ~TimerWheel() = default;

    // Fires `timer` no sooner than `wait` after `now`. Arming an armed timer moves it. Waits beyond
    // a day are cut to a day.
    void arm(Timer& timer, Clock::time_point now, Duration wait);

    // Fires everything due at `now`.
    void advance(Clock::time_point now);

    // How long the loop may sleep; nothing when no timer is armed.
    [[nodiscard]] std::optional<Duration> next(Clock::time_point now);

private:
    static constexpr unsigned slot_bits = 6;
    static constexpr unsigned slots = 1U << slot_bits;
    static constexpr unsigned levels = 4;

    // The head of a ring of timers; an empty one points at itself.
    class Head final : public Timer {
        void expired() override {}
    };

    [[nodiscard]] std::uint64_t ticks(Clock::time_point now) const;
    [[nodiscard]] std::optional<std::uint64_t> soonest() const;
    void place(Timer& timer);
    void cascade(unsigned level);
    void fire(unsigned slot);

    Clock::time_point start_;
    std::uint64_t current_ = 0;
    // No timer is due before this tick. It is not raised when a timer is disarmed: waking up once
    // too often is cheaper than keeping count.
    std::optional<std::uint64_t> wake_;
    std::array<std::array<Head, slots>, levels> wheels_;
};

} // namespace postern::io
