#pragma once

#include "gateway/deliver/course.h"
#include "gateway/deliver/outcome.h"
#include "gateway/deliver/schedule.h"
#include "gateway/smtp/report_facts.h"
#include "gateway/spool/message.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace postern::deliver {

// What one attempt at a message changes in it, and what its sender is to be told. Plain: whoever
// makes the attempt gives in the outcome of each recipient, then sends the report and writes down
// what has changed. Lives for one attempt.
class Settlement {
public:
    // Both outlive it; the message is changed.
    Settlement(spool::Message& message, const Schedule& schedule)
        : message_(message), schedule_(schedule) {}

    // Takes what came of one recipient of the course. Given back is what it counts as: what was
    // deferred for too long has failed (COMPLIANCE O14). `random` is any number, evenly spread.
    Outcome settle(const Course& course,
                   std::uint32_t recipient,
                   Outcome outcome,
                   Time now,
                   std::uint64_t random);

    // The report could not be sent for now: what it says is taken back, and whoever it says is lost
    // waits until `next` as if nobody had tried. What was delivered stays delivered; true: that it
    // was is what nobody will be told.
    [[nodiscard]] bool take_back_report(Time next);

    // Nothing has happened that must not be forgotten: nobody's mail was delivered or given up, and
    // nobody has been told.
    [[nodiscard]] bool is_forgettable() const;

    // Recipients, by number, whose state is to be written down.
    [[nodiscard]] const std::vector<std::uint32_t>& changed() const { return changed_; }
    // What the report says; nobody: there is none to send.
    [[nodiscard]] const std::vector<smtp::ReportedRecipient>& reported() const { return reported_; }
    // Why nobody is told of a failure (COMPLIANCE O17); "": whoever failed is in the report.
    [[nodiscard]] std::string_view untold() const { return untold_; }

private:
    void report(const Course& course,
                const spool::Recipient& recipient,
                const Outcome& outcome,
                smtp::Action action);

    spool::Message& message_;
    const Schedule& schedule_;
    std::vector<std::uint32_t> changed_;
    std::vector<spool::Recipient> before_; // the recipients in `changed_`, as they were
    std::vector<smtp::ReportedRecipient> reported_;
    std::string_view untold_;
};

} // namespace postern::deliver
