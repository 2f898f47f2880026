#include "gateway/receive/intake.h"

#include "gateway/smtp/received.h"
#include "gateway/smtp/replies.h"

#include <chrono>
#include <utility>

namespace postern::receive {
namespace {

namespace replies = smtp::replies;

std::optional<smtp::Reply> wrong_with(const smtp::HeaderSection& header,
                                      const gateway::Limits& limits) {
    if (header.state() == smtp::HeaderState::nul) return replies::nul_in_header();
    if (header.state() == smtp::HeaderState::too_big) return replies::header_too_big(); // I15
    if (header.received_fields() > limits.received_fields) return replies::mail_loop();
    return std::nullopt;
}

} // namespace

Intake::Intake(Surroundings& surroundings, const Facts& facts, const Transaction& transaction)
    : surroundings_(surroundings)
    , facts_(facts)
    , transaction_(transaction)
    , header_(smtp::Stuffing::stuffed, surroundings.settings->limits.header_section) {}

io::Task<void> Intake::take(std::string_view content) {
    if (stage_ == Stage::header) {
        content.remove_prefix(header_.feed(content));
        if (header_.state() == smtp::HeaderState::more) co_return;
        co_await end_header();
    }
    if (stage_ != Stage::passing || content.empty()) co_return;
    const bool passed = co_await pass(content);
    if (!passed) stage_ = Stage::dropping; // close() knows why
}

io::Task<void> Intake::end_header() {
    if (const auto wrong = wrong_with(header_, surroundings_.settings->limits)) {
        fail(*wrong);
        co_return;
    }
    auto fields = co_await open(header_);
    if (!fields) {
        refuse(std::move(fields.error()));
        co_return;
    }
    stage_ = Stage::passing;
    bool passed = co_await pass(*fields);
    if (passed) passed = co_await pass(header_.held());
    if (!passed) stage_ = Stage::dropping;
    header_.release_held();
}

std::string Intake::received_field() const {
    std::string field;
    const auto& recipients = transaction_.recipients();
    const std::string tls_version =
        facts_.tls_version.empty() ? std::string{} : "TLSv" + std::string{facts_.tls_version};
    smtp::append_received(
        field,
        {.helo = facts_.helo,
         .client_address = facts_.client,
         .hostname = surroundings_.settings->hostname,
         .extended = facts_.extended,
         .smtputf8 = transaction_.mail().smtputf8,
         .tls_version = tls_version,
         .tls_cipher = facts_.tls_cipher,
         .id = transaction_.id(),
         .recipient =
             recipients.size() == 1 ? recipients.front().path.address() : std::string_view{},
         .time = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())});
    return field;
}

void Intake::refuse(Spoken reply) {
    if (reply_) return; // the first reason counts
    reply_ = std::move(reply);
    stage_ = Stage::dropping;
    header_.release_held();
    abandon();
}

io::Task<Spoken> Intake::finish(const smtp::ContentFacts& content) {
    const io::Clock::time_point completed = surroundings_.ring.now();
    if (stage_ == Stage::header) {
        header_.finish();
        co_await end_header();
    }
    if (!reply_) reply_ = co_await close();
    Spoken reply = *reply_;
    record(reply, content, {}, surroundings_.ring.now() - completed);
    co_return reply;
}

void Intake::note_lost(const smtp::ContentFacts& content, std::string_view why) {
    record(reply_.value_or(Spoken{}), content, why, {});
}

void Intake::record(const Spoken& reply,
                    const smtp::ContentFacts& content,
                    std::string_view why,
                    io::Clock::duration decision_took) {
    const auto milliseconds = [](io::Clock::duration duration) {
        return std::chrono::duration_cast<io::Duration>(duration);
    };
    surroundings_.recorder.message(
        {.facts = facts_,
         .transaction = transaction_,
         .from = from_,
         .judgement = judgement_,
         .reply = reply,
         .why = why,
         .bytes = content.bytes,
         .lasted = milliseconds(surroundings_.ring.now() - transaction_.began_at()),
         .decision_took = decision_took});
}

} // namespace postern::receive
