#pragma once

#include "gateway/deliver/back_off.h"
#include "gateway/deliver/course.h"
#include "gateway/deliver/finder.h"
#include "gateway/deliver/kept_conversations.h"
#include "gateway/deliver/lanes.h"
#include "gateway/deliver/office.h"
#include "gateway/deliver/outcome.h"
#include "gateway/deliver/schedule.h"
#include "gateway/deliver/settlement.h"
#include "gateway/io/event.h"
#include "gateway/io/task.h"
#include "gateway/io/task_group.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::deliver {

// Delivers what is in the spool of one core: takes messages when they are due, sends each on its
// courses, writes down what came of every recipient, and tells senders. Owned by the core, which
// awaits stop() before it goes.
class Courier {
public:
    Courier(Office& office, std::uint64_t seed);
    Courier(const Courier&) = delete;
    Courier& operator=(const Courier&) = delete;
    ~Courier() = default;

    void start();
    // Takes no more, and ends when nothing is in hand: deliveries that are under way are finished
    // within the bounds of SMTP, or cut after `wait`, when their messages stay queued.
    [[nodiscard]] io::Task<void> stop(io::Duration wait);
    // The settings have changed. What waits for the disk tries it again.
    void adopt();

private:
    // One attempt at a message in hand, under the policy that it begins with.
    struct Journey {
        Journey(spool::Message taken, gateway::PolicyReference reference, const Schedule& schedule)
            : message(std::move(taken))
            , policy(std::move(reference))
            , settlement(message, schedule) {}

        spool::Message message;
        gateway::PolicyReference policy;
        std::vector<Course> courses;
        std::size_t begun = 0; // of the courses
        Settlement settlement;
        bool confidential = false; // the content is never sent back
    };

    [[nodiscard]] io::Task<void> run();
    void look_at_clock();
    void recall(spool::Message& message) const;
    [[nodiscard]] io::Task<void> handle(spool::MessageId id);
    void fetch_next(std::string_view place);
    [[nodiscard]] io::Task<void> carry(spool::Message message);
    void unreadable(spool::MessageId id, std::string_view what, spool::Error error);
    [[nodiscard]] io::Task<std::expected<std::string, spool::Error>>
    header_of(const spool::Message& message, const policy::Snapshot& policy);
    [[nodiscard]] io::Task<void> travel(Journey& journey);
    [[nodiscard]] io::Task<void> take(Journey& journey, const Course& course);
    [[nodiscard]] io::Task<std::vector<Outcome>> attempt(const Journey& journey,
                                                         const Course& course);
    void settle(Journey& journey,
                const Course& course,
                std::vector<Outcome> outcomes,
                std::chrono::milliseconds took);
    [[nodiscard]] io::Task<void> write_down(Journey& journey);
    enum class Told : std::uint8_t { yes, later, stopped };
    [[nodiscard]] io::Task<Told> tell(const Journey& journey);
    [[nodiscard]] io::Task<bool> pause();
    [[nodiscard]] bool may_wait_in_hand(spool::Error error) const;
    [[nodiscard]] Time now() const {
        return std::chrono::floor<std::chrono::seconds>(office_.now());
    }

    Office& office_;
    Schedule schedule_;
    Lanes lanes_;
    BackOff back_off_;
    KeptConversations kept_;
    Finder::Random random_;
    Time latest_{};         // of the clock so far
    bool recalling_ = true; // of the queue, as it was found, nothing is known
    io::Event changed_;     // the settings, or we stop: what waits for the disk looks again
    std::size_t in_hand_ = 0;
    std::size_t pausing_ = 0; // of those in hand
    spool::Index::Pick next_ = spool::Index::Pick::oldest;
    bool stopping_ = false;
    bool cutting_ = false;
    io::TaskGroup tasks_;
};

} // namespace postern::deliver
