#pragma once

#include "gateway/deliver/schedule.h"
#include "gateway/spool/message.h"

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace postern::deliver {

// How many deliveries to one place run at a time, so that no place takes more than its share and
// none is flooded. Whoever comes when all are running is given the time at which it will be its
// turn, as the deliveries before it let one expect: the queue of a slow place waits on the disk,
// not in memory, and is looked at about once a message. What was sent away is remembered, so that a
// quick place need not stand idle until then. Owned by one core, which gives the time.
class Lanes {
public:
    using Clock = std::chrono::system_clock;

    explicit Lanes(std::size_t most) : most_(most) {}
    void set_most(std::size_t most) { most_ = most; }

    // Nothing: go ahead, and leave() in the end. Else when to come again.
    [[nodiscard]] std::optional<Time> enter(std::string_view place, Clock::time_point now);
    void leave(std::string_view place, Clock::duration took, Clock::time_point now);

    // The clock was set back: the next to be sent away is the first.
    void forget_turns();

    // This message was sent away.
    void remember(std::string_view place, spool::MessageId id);
    // There is room: whose turn it is, of those sent away, the first first. It may have been to the
    // place in the meantime, or be gone; nothing when nobody is known.
    [[nodiscard]] std::optional<spool::MessageId> next(std::string_view place);

    [[nodiscard]] std::size_t lanes() const { return lanes_.size(); }

private:
    struct Lane {
        std::size_t running = 0;
        Clock::duration mean = std::chrono::seconds{1}; // of what a delivery takes
        Clock::time_point turn{};                       // of whoever was sent away last
        std::deque<spool::MessageId> away;
    };
    struct Hash {
        using is_transparent = void;
        [[nodiscard]] std::size_t operator()(std::string_view place) const {
            return std::hash<std::string_view>{}(place);
        }
    };

    std::size_t most_;
    std::unordered_map<std::string, Lane, Hash, std::equal_to<>> lanes_; // that are in use
};

} // namespace postern::deliver
