#include "gateway/deliver/lanes.h"

#include <algorithm>

namespace postern::deliver {

std::optional<Time> Lanes::enter(std::string_view place, Clock::time_point now) {
    auto found = lanes_.find(place);
    if (found == lanes_.end()) found = lanes_.emplace(place, Lane{}).first;
    Lane& lane = found->second;
    if (lane.running < most_) {
        ++lane.running;
        return std::nullopt;
    }
    constexpr std::chrono::seconds soonest{1};
    lane.turn = std::max(lane.turn, now) + lane.mean / most_;
    return std::chrono::ceil<std::chrono::seconds>(std::max(lane.turn, now + soonest));
}

void Lanes::leave(std::string_view place, Clock::duration took, Clock::time_point now) {
    const auto found = lanes_.find(place);
    if (found == lanes_.end()) return;
    Lane& lane = found->second;
    constexpr int memory = 8; // deliveries
    lane.mean += (took - lane.mean) / memory;
    --lane.running;
    if (lane.running == 0 && lane.turn <= now) lanes_.erase(found);
}

} // namespace postern::deliver
