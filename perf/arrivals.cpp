#include "perf/arrivals.h"

#include "gateway/io/readable.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

namespace postern::perf {
namespace {

// Nobody waits longer without looking whether it is all over.
constexpr io::Duration look_after = std::chrono::milliseconds{100};

} // namespace

Arrivals::Arrivals(io::Ring& ring,
                   io::Clock::time_point first,
                   std::chrono::nanoseconds gap,
                   std::uint64_t count)
    : ring_(ring)
    , first_(first)
    , gap_(gap)
    , count_(count)
    , changed_(ring)
    , timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {}

io::Clock::time_point Arrivals::due(std::uint64_t number) const {
    return first_ + static_cast<std::int64_t>(number) * gap_;
}

io::Task<> Arrivals::wait_until(io::Clock::time_point time) {
    const auto since_boot = time.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
    const itimerspec at{
        .it_interval = {},
        .it_value = {.tv_sec = seconds.count(),
                     .tv_nsec = std::chrono::nanoseconds{since_boot - seconds}.count()}};
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
    [[maybe_unused]] const bool rung = co_await io::Readable{ring_, timer_.get(), look_after};
    std::uint64_t times = 0;
    [[maybe_unused]] const auto read = ::read(timer_.get(), &times, sizeof times);
}

io::Task<> Arrivals::run() {
    while (announced_ < count_ && !stopped_) {
        if (due(announced_) > io::Clock::now()) {
            co_await wait_until(due(announced_));
            continue;
        }
        ++announced_;
        changed_.set_one();
    }
    changed_.set();
}

io::Task<std::optional<io::Clock::time_point>> Arrivals::next() {
    while (taken_ == announced_ && taken_ < count_ && !stopped_) {
        [[maybe_unused]] const bool set = co_await changed_.wait(look_after);
    }
    if (stopped_ || taken_ == count_) co_return std::nullopt;
    co_return due(taken_++);
}

void Arrivals::stop() {
    stopped_ = true;
    changed_.set();
}

} // namespace postern::perf
