#pragma once

#include "gateway/receive/intake.h"
#include "gateway/receive/submission.h"
#include "gateway/smtp/dots.h"
#include "gateway/spool/writer.h"

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace postern::receive {

// A message to outside on its way into the queue: written down while it comes, without its dots,
// and answered when it is on the disk. What is not answered is not there.
class SubmissionIntake final : public Intake {
public:
    // The surroundings have a spool. Gives the submission its id.
    SubmissionIntake(Surroundings& surroundings, const Facts& facts, Submission& submission);

private:
    [[nodiscard]] io::Task<std::expected<std::string, Spoken>>
    open(const smtp::HeaderSection& header) override;
    [[nodiscard]] io::Task<bool> pass(std::string_view content) override;
    [[nodiscard]] io::Task<Spoken> close() override;
    void abandon() override { writer_.reset(); }

    [[nodiscard]] smtp::Reply reply_to(spool::Error error) const;

    Submission& submission_;
    std::optional<spool::Writer> writer_;
    std::optional<spool::Error> error_;
    smtp::DotUnstuffer unstuffer_;
    std::string plain_; // kept from part to part for its memory
};

} // namespace postern::receive
