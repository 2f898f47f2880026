#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

// When a message that could not be delivered is tried again, and when that ends. No clock of its
// own.
namespace postern::deliver {

// Wall-clock time, because a queue outlives the process.
using Time = std::chrono::sys_seconds;
using Pause = std::chrono::seconds;

struct Schedule {
    // After the first attempts one each, the last one after each later attempt too. Never empty.
    std::vector<Pause> pauses{std::chrono::minutes{5},
                              std::chrono::minutes{10},
                              std::chrono::minutes{20},
                              std::chrono::minutes{40},
                              std::chrono::hours{1}};
    unsigned jitter_percent = 10; // a pause is this much longer or shorter at most; 0 to 100
    Pause warning = std::chrono::hours{4}; // in the queue; then a report of delay; 0: none
    Pause expiry = std::chrono::days{5};   // in the queue; then a report of failure

    bool operator==(const Schedule&) const = default;
};

enum class Next : std::uint8_t {
    retry, // at `at`
    fail,  // given up: 5.4.7
};

struct Plan {
    Next next = Next::retry;
    Time at;           // the last attempt is made at expiry, never later
    bool warn = false; // the sender is to be told of the delay now

    bool operator==(const Plan&) const = default;
};

// A recipient as the queue knows it.
struct Waiting {
    Time arrival;
    unsigned attempts = 1; // made so far, the one that just failed included
    bool warned = false;
};

// After an attempt that failed for now. `random` is any number, evenly spread.
[[nodiscard]] Plan
plan_after(const Schedule& schedule, const Waiting& waiting, Time now, std::uint64_t random);

// Between two attempts at most, jitter included.
[[nodiscard]] Pause longest_pause(const Schedule& schedule);

// When it will be given up: Will-Retry-Until of a report of delay.
[[nodiscard]] Time expiry_of(const Schedule& schedule, Time arrival);

// `pause`, made longer or shorter by up to `percent`.
[[nodiscard]] Pause with_jitter(Pause pause, unsigned percent, std::uint64_t random);

} // namespace postern::deliver
