#include "gateway/deliver/schedule.h"

#include <algorithm>
#include <cassert>

namespace postern::deliver {

namespace {

Pause pause_after(const Schedule& schedule, unsigned attempts) {
    assert(attempts > 0);
    return schedule.pauses[std::min<std::size_t>(attempts, schedule.pauses.size()) - 1];
}

} // namespace

Pause with_jitter(Pause pause, unsigned percent, std::uint64_t random) {
    assert(percent <= 100);
    const Pause most = pause * percent / 100;
    const auto width = static_cast<std::uint64_t>(2 * most.count() + 1);
    return pause - most + Pause{static_cast<Pause::rep>(random % width)};
}

Pause longest_pause(const Schedule& schedule) {
    return std::ranges::max(schedule.pauses) * (100 + schedule.jitter_percent) / 100;
}

Time expiry_of(const Schedule& schedule, Time arrival) { return arrival + schedule.expiry; }

Plan plan_after(const Schedule& schedule, const Waiting& waiting, Time now, std::uint64_t random) {
    const Time expiry = expiry_of(schedule, waiting.arrival);
    if (now >= expiry) return {.next = Next::fail, .at = now, .warn = false};
    const Pause pause =
        with_jitter(pause_after(schedule, waiting.attempts), schedule.jitter_percent, random);
    const bool late = schedule.warning > Pause::zero() && now >= waiting.arrival + schedule.warning;
    return {
        .next = Next::retry, .at = std::min(now + pause, expiry), .warn = late && !waiting.warned};
}

} // namespace postern::deliver
