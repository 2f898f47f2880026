#pragma once

#include "gateway/deliver/back_off.h"
#include "gateway/deliver/course.h"
#include "gateway/deliver/finder.h"
#include "gateway/deliver/lanes.h"
#include "gateway/deliver/office.h"
#include "gateway/deliver/outcome.h"
#include "gateway/deliver/schedule.h"
#include "gateway/io/event.h"
#include "gateway/io/task.h"
#include "gateway/io/task_group.h"
#include "gateway/smtp/report_facts.h"

#include <cstdint>
#include <optional>
#include <string>
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
    // The settings have changed.
    void adopt();

private:
    // One course of one message, and what came of it.
    struct Trip {
        Course course;
        std::vector<Outcome> outcomes; // of course.recipients; empty: not tried
        std::optional<Time> turn;      // not tried: when to come again
    };
    // What there is to say and to write down about a message after its trips.
    struct Tally {
        std::vector<std::uint32_t> changed;
        std::vector<smtp::ReportedRecipient> reported;
    };

    [[nodiscard]] io::Task<void> run();
    [[nodiscard]] io::Task<void> handle(spool::MessageId id);
    [[nodiscard]] io::Task<void> carry(spool::Message& message);
    [[nodiscard]] io::Task<std::string> header_of(const spool::Message& message,
                                                  const policy::Snapshot& policy);
    [[nodiscard]] io::Task<void>
    travel(const spool::Message& message, const gateway::PolicyReference& policy, Trip& trip);
    [[nodiscard]] io::Task<std::vector<Outcome>>
    attempt(const spool::Message& message, const gateway::PolicyReference& policy, Trip& trip);
    void note(spool::Message& message, const Trip& trip, Tally& tally);
    void settle(spool::Message& message,
                std::uint32_t number,
                Outcome outcome,
                const Course& course,
                Tally& tally);
    void report(const spool::Message& message,
                const spool::Recipient& recipient,
                const Outcome& outcome,
                smtp::Action action,
                const Course& course,
                Tally& tally);
    [[nodiscard]] io::Task<bool> pause();
    [[nodiscard]] io::Task<void>
    write_down(spool::Message& message, Tally tally, bool confidential);

    Office& office_;
    Schedule schedule_;
    Lanes lanes_;
    BackOff back_off_;
    Finder::Random random_;
    io::Event changed_; // a message is in hand no more, or we stop
    std::size_t in_hand_ = 0;
    bool stopping_ = false;
    bool cutting_ = false;
    io::TaskGroup tasks_;
};

} // namespace postern::deliver
