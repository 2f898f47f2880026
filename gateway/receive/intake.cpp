#include "gateway/receive/intake.h"

#include "gateway/smtp/mailbox.h"
#include "gateway/smtp/received.h"
#include "gateway/smtp/replies.h"

#include <cassert>
#include <chrono>
#include <utility>

namespace postern::receive {
namespace {

namespace replies = smtp::replies;

} // namespace

Intake::Intake(Surroundings& surroundings, const Facts& facts, Transaction& transaction)
    : surroundings_(surroundings)
    , facts_(facts)
    , transaction_(transaction)
    , header_(smtp::Stuffing::stuffed, surroundings.settings->limits.header_section) {}

io::Task<void> Intake::take(std::string_view content) {
    if (stage_ == Stage::header) {
        content.remove_prefix(header_.feed(content));
        if (header_.state() == smtp::HeaderState::more) co_return;
        co_await decide();
    }
    if (stage_ != Stage::passing || content.empty()) co_return;
    const bool written = co_await transaction_.delivery().write(content);
    if (!written) stage_ = Stage::dropping; // finish() asks the delivery why
}

std::optional<smtp::Reply> Intake::wrong_with_header() const {
    if (header_.state() == smtp::HeaderState::nul) return replies::nul_in_header();
    if (header_.state() == smtp::HeaderState::too_big) return replies::header_too_big(); // I15
    if (header_.received_fields() > surroundings_.settings->limits.received_fields) {
        return replies::mail_loop();
    }
    return std::nullopt;
}

// THE door of inbound mail: nothing of the message has been said to the next hop before this, not
// even DATA.
io::Task<void> Intake::decide() {
    if (auto wrong = wrong_with_header()) {
        fail(*wrong);
        co_return;
    }
    const smtp::Mailboxes mailboxes = smtp::mailboxes_of(header_.from_fields());
    if (mailboxes.too_many) { // a listed one could be among those we do not look at
        fail(replies::too_many_senders());
        co_return;
    }
    from_ = senders_of(mailboxes, transaction_.sender());
    judgement_ = admit(transaction_.policy(), transaction_.settings(), from_, facts_.standing);
    if (judgement_.reply) {
        fail(*judgement_.reply);
        co_return;
    }
    const auto refused = co_await transaction_.delivery().begin_content();
    if (refused) {
        if (refused->failure) {
            surroundings_.recorder.next_hop_failed(facts_, transaction_, *refused->failure);
        }
        reply_ = Spoken::of(*refused);
        stage_ = Stage::dropping;
        transaction_.delivery().abandon();
        co_return;
    }
    stage_ = Stage::passing;
    const std::string received = received_field();
    bool written = co_await transaction_.delivery().write(received);
    if (written) written = co_await transaction_.delivery().write(header_.held());
    if (!written) stage_ = Stage::dropping;
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

void Intake::fail(const smtp::Reply& reply) {
    if (reply_) return; // the first reason counts
    reply_ = Spoken::ours(reply);
    stage_ = Stage::dropping;
    header_.release_held();
    transaction_.delivery().abandon();
}

io::Task<Spoken> Intake::finish(const smtp::ContentFacts& content) {
    const io::Clock::time_point completed = surroundings_.ring.now();
    if (stage_ == Stage::header) {
        header_.finish();
        co_await decide();
    }
    if (!reply_) reply_ = co_await finish_delivery();
    Spoken reply = *reply_;
    record(reply, content, {}, surroundings_.ring.now() - completed);
    co_return reply;
}

io::Task<Spoken> Intake::finish_delivery() {
    const relay::Answer answer = co_await transaction_.delivery().finish();
    if (answer.failure) {
        surroundings_.recorder.next_hop_failed(facts_, transaction_, *answer.failure);
    }
    co_return Spoken::of(answer);
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
