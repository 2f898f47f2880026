#pragma once

#include "gateway/deliver/course.h"
#include "gateway/deliver/outcome.h"
#include "gateway/journal.h"
#include "gateway/report/metrics.h"
#include "gateway/spool/error.h"
#include "gateway/spool/message.h"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace postern::deliver {

// What one attempt came to for one recipient, as it is written down (DESIGN 9).
struct Delivered {
    const policy::Snapshot& policy;
    const spool::Message& message;
    const Course& course;
    std::uint32_t recipient = 0;
    const Outcome& outcome;
    std::chrono::milliseconds took{0};
};

// Counts and writes down what deliveries do: the one place where deliver speaks to the log, the
// trail and the counters. Owned by the core.
class Recorder {
public:
    Recorder(report::Counters& counters, gateway::Journal& journal)
        : counters_(counters), journal_(journal) {}

    void attempt(const Delivered& delivered);
    // A report for the sender is in the queue; or there is nobody to send one to (COMPLIANCE O17).
    void report(const spool::Message& message, spool::MessageId id);
    void report_dropped(const spool::Message& message, std::string_view why);
    // The spool did not do what was asked of it.
    void spool_failed(spool::MessageId id, std::string_view what, spool::Error error);
    void queue(std::size_t waiting, std::size_t in_hand);

private:
    void count(const Delivered& delivered);

    report::Counters& counters_;
    gateway::Journal& journal_;
};

} // namespace postern::deliver
