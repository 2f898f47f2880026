#pragma once

#include "gateway/io/descriptor.h"
#include "gateway/io/event.h"
#include "gateway/io/ring.h"
#include "gateway/io/task.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace postern::perf {

// An open loop: messages are due at fixed times, whatever the server does, and a message counts
// from the time it was due, also when nobody was free to send it then. Without that, a server that
// stops for a second would seem to have delayed one message instead of a second's worth of them
// (coordinated omission). One per core.
class Arrivals {
public:
    // `first` is when the first is due, `gap` what lies between two; `count` in all.
    Arrivals(io::Ring& ring,
             io::Clock::time_point first,
             std::chrono::nanoseconds gap,
             std::uint64_t count);

    // Announces what is due, until all was or stop() was called.
    [[nodiscard]] io::Task<> run();
    // When the next message was due, as soon as it is; nothing: there is none any more.
    [[nodiscard]] io::Task<std::optional<io::Clock::time_point>> next();
    void stop();

    // Due, or going to be, and not taken by anybody.
    [[nodiscard]] std::uint64_t left() const { return count_ - taken_; }

private:
    [[nodiscard]] io::Clock::time_point due(std::uint64_t number) const;
    [[nodiscard]] io::Task<> wait_until(io::Clock::time_point time);

    io::Ring& ring_;
    io::Clock::time_point first_;
    std::chrono::nanoseconds gap_;
    std::uint64_t count_;
    std::uint64_t announced_ = 0;
    std::uint64_t taken_ = 0;
    bool stopped_ = false;
    io::Event changed_;
    io::Descriptor timer_; // the ring's own timers are too coarse for this
};

} // namespace postern::perf
