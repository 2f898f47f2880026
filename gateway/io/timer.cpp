#include "gateway/io/timer.h"

#include <algorithm>
#include <cassert>

namespace postern::io {

void Timer::disarm() {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
}

TimerWheel::TimerWheel(Clock::time_point start) : start_(start) {
    for (auto& wheel : wheels_) {
        for (Head& head : wheel) {
            head.next_ = head.previous_ = &head;
        }
    }
}

std::uint64_t TimerWheel::ticks(Clock::time_point now) const {
    if (now <= start_) return 0;
    return static_cast<std::uint64_t>((now - start_) / tick);
}

void TimerWheel::arm(Timer& timer, Clock::time_point now, Duration wait) {
    constexpr Duration longest = std::chrono::hours{24};
    timer.disarm();
    const Duration bounded = std::clamp(wait, Duration{0}, longest);
    // Rounded up: the first tick that begins when the whole wait is over.
    timer.due_ = std::max(ticks(now + bounded + tick - Clock::duration{1}), current_ + 1);
    place(timer);
    if (wake_) wake_ = std::min(*wake_, timer.due_);
}

void TimerWheel::place(Timer& timer) {
    assert(timer.due_ > current_);
    const std::uint64_t away = timer.due_ - current_;
    unsigned level = 0;
    while (level + 1 < levels && away >= (std::uint64_t{1} << (slot_bits * (level + 1)))) {
        ++level;
    }
    const std::uint64_t slot = (timer.due_ >> (slot_bits * level)) % slots;
    Head& head = wheels_.at(level).at(slot);
    timer.next_ = &head;
    timer.previous_ = head.previous_;
    head.previous_->next_ = &timer;
    head.previous_ = &timer;
}

// The slot of a coarse wheel that time has reached is dealt out to the finer wheels.
void TimerWheel::cascade(unsigned level) {
    if (level >= levels) return;
    const std::uint64_t slot = (current_ >> (slot_bits * level)) % slots;
    if (slot == 0) cascade(level + 1);
    Head& head = wheels_.at(level).at(slot);
    while (head.next_ != &head) {
        Timer& timer = *head.next_;
        timer.disarm();
        if (timer.due_ <= current_) {
            // Due this very tick: into the finest slot, which fires right after the cascade.
            Head& now = wheels_[0].at(current_ % slots);
            timer.next_ = &now;
            timer.previous_ = now.previous_;
            now.previous_->next_ = &timer;
            now.previous_ = &timer;
        } else {
            place(timer);
        }
    }
}

void TimerWheel::fire(unsigned slot) {
    Head& head = wheels_[0].at(slot);
    while (head.next_ != &head) {
        Timer& timer = *head.next_;
        timer.disarm();
        timer.expired();
    }
}

void TimerWheel::advance(Clock::time_point now) {
    const std::uint64_t target = ticks(now);
    while (current_ < target) {
        ++current_;
        const auto slot = static_cast<unsigned>(current_ % slots);
        if (slot == 0) cascade(1);
        fire(slot);
    }
}

std::optional<std::uint64_t> TimerWheel::soonest() const {
    std::optional<std::uint64_t> found;
    for (unsigned level = 0; level < levels; ++level) {
        const std::uint64_t position = current_ >> (slot_bits * level);
        for (std::uint64_t step = 1; step <= slots; ++step) {
            const Head& head = wheels_.at(level).at((position + step) % slots);
            if (head.next_ == &head) continue;
            const std::uint64_t at = (position + step) << (slot_bits * level);
            found = std::min(found.value_or(at), at);
            break;
        }
    }
    return found;
}

std::optional<Duration> TimerWheel::next(Clock::time_point now) {
    if (!wake_ || *wake_ <= current_) wake_ = soonest();
    if (!wake_) return std::nullopt;
    const auto due = start_ + static_cast<std::int64_t>(*wake_) * tick;
    if (due <= now) return Duration{0};
    return std::chrono::ceil<Duration>(due - now);
}

} // namespace postern::io
