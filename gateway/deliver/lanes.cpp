#include "gateway/deliver/lanes.h"

#include <algorithm>

namespace postern::deliver {
namespace {

constexpr std::size_t remembered_max = 10'000; // of one place; others come when it is their turn

} // namespace

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
    if (lane.running == 0 && lane.turn <= now && lane.away.empty()) lanes_.erase(found);
}

void Lanes::forget_turns() {
    for (auto& [place, lane] : lanes_) {
        lane.turn = {};
    }
}

void Lanes::remember(std::string_view place, spool::MessageId id) {
    const auto found = lanes_.find(place);
    if (found == lanes_.end() || found->second.away.size() >= remembered_max) return;
    found->second.away.push_back(id);
}

std::optional<spool::MessageId> Lanes::next(std::string_view place) {
    const auto found = lanes_.find(place);
    if (found == lanes_.end()) return std::nullopt;
    Lane& lane = found->second;
    if (lane.away.empty() || lane.running >= most_) return std::nullopt;
    const spool::MessageId id = lane.away.front();
    lane.away.pop_front();
    return id;
}

} // namespace postern::deliver
