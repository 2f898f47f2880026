#include "gateway/receive/submission_intake.h"

#include "gateway/smtp/command.h"
#include "gateway/smtp/field.h"
#include "gateway/smtp/received.h"
#include "gateway/smtp/replies.h"
#include "gateway/spool/spool.h"

#include <cassert>
#include <chrono>
#include <utility>

namespace postern::receive {
namespace {

namespace replies = smtp::replies;

bool has_field(std::string_view section, std::string_view name) {
    smtp::FieldReader reader{section, smtp::Stuffing::stuffed};
    while (const auto field = reader.next()) {
        if (smtp::equal_without_case(field->name, name)) return true;
    }
    return false;
}

spool::Writer begin(spool::Spool* spool, const Submission& submission) {
    assert(spool != nullptr);
    return spool->begin(
        submission.mail(), submission.recipients(), std::chrono::system_clock::now());
}

} // namespace

SubmissionIntake::SubmissionIntake(Surroundings& surroundings,
                                   const Facts& facts,
                                   Submission& submission)
    : Intake(surroundings, facts, submission)
    , submission_(submission)
    , writer_(begin(surroundings.spool, submission)) {
    submission.set_id(spool::text(writer_->id()));
    if (!submission.sender().empty()) note({submission.sender()});
}

// RFC 6409 8: what every message must have and this one lacks. Everything else stays as it is.
io::Task<std::expected<std::string, Spoken>>
SubmissionIntake::open(const smtp::HeaderSection& header) {
    std::string fields = received_field();
    if (!has_field(header.held(), "Message-ID")) { // 8.3
        fields +=
            "Message-ID: <" + submission_.id() + "@" + surroundings().settings->hostname + ">\r\n";
    }
    if (!has_field(header.held(), "Date")) { // 8.2
        fields += "Date: ";
        smtp::append_date(
            fields, std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()), 0);
        fields += "\r\n";
    }
    co_return fields;
}

io::Task<bool> SubmissionIntake::pass(std::string_view content) {
    plain_.clear();
    unstuffer_.unstuff(content, plain_);
    const auto added = co_await writer_->add(plain_);
    if (added) co_return true;
    error_ = added.error();
    abandon();
    co_return false;
}

io::Task<Spoken> SubmissionIntake::close() {
    if (!error_) {
        submission_.arrived();
        const auto committed = co_await writer_->commit();
        if (committed) co_return Spoken::ours(replies::accepted(submission_.id()));
        error_ = committed.error();
    }
    const smtp::Reply reply = reply_to(*error_);
    co_return Spoken::ours(reply);
}

smtp::Reply SubmissionIntake::reply_to(spool::Error error) const {
    switch (error) {
    case spool::Error::full: return replies::no_storage();
    case spool::Error::failed:
    case spool::Error::damaged: return replies::storage_failed();
    case spool::Error::too_big: return replies::message_too_big();
    case spool::Error::stopped: return replies::shutting_down(surroundings().settings->hostname);
    }
    return replies::storage_failed();
}

} // namespace postern::receive
