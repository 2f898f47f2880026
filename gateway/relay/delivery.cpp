#include "gateway/relay/delivery.h"

#include "gateway/smtp/body.h"
#include "gateway/smtp/client.h"
#include "gateway/smtp/dots.h"

#include <cassert>
#include <utility>

namespace postern::relay {
namespace {

constexpr std::size_t together_bytes = 16384; // content up to this size waits for company

// A kept connection that the server closed in the meantime: nothing was lost, a fresh one will do.
bool went_stale(const Answer& answer) {
    if (answer.failure) return answer.failure->cause == Cause::lost;
    return answer.reply.code == 421;
}

Answer refusal(int code, std::string_view text) {
    return {.reply = {.code = code, .lines = {std::string{text}}}, .failure = {}};
}

} // namespace

io::Task<Answer> Delivery::recipient(const ClientFacts& client,
                                     const smtp::Mail& mail,
                                     const smtp::Recipient& recipient) {
    assert(stage_ == Stage::envelope);
    if (failure_) co_return Answer{.reply = {}, .failure = failure_};
    if (lease_ && mail_accepted_) co_return co_await further(recipient);
    if (!lease_) {
        auto failed = co_await open(client, Pool::Use::any);
        if (failed) co_return Answer{.reply = {}, .failure = std::move(failed)};
    }
    Answer answer = co_await first(mail, recipient);
    if (!lease_.reused() || !went_stale(answer)) co_return answer;
    failure_.reset();
    lease_ = {};
    auto failed = co_await open(client, Pool::Use::fresh);
    if (failed) co_return Answer{.reply = {}, .failure = std::move(failed)};
    co_return co_await first(mail, recipient);
}

io::Task<std::optional<Failure>> Delivery::open(const ClientFacts& client, Pool::Use use) {
    for (;;) {
        auto taken = co_await pool_.take(route_, client, use);
        if (!taken) co_return std::move(taken.error());
        lease_ = std::move(*taken);
        host_ = lease_.hop().target().endpoint.text();
        if (lease_.hop().target().announce != policy::AnnounceClient::xclient) co_return {};
        const auto announced = co_await lease_->announce(client);
        if (announced) co_return {};
        const bool again = lease_.reused() && use == Pool::Use::any;
        lease_ = {};
        if (!again) co_return announced.error();
        use = Pool::Use::fresh;
    }
}

Answer Delivery::lost(Failure failure) {
    failure_ = std::move(failure);
    return Answer{.reply = {}, .failure = failure_};
}

io::Task<Answer> Delivery::first(const smtp::Mail& mail, const smtp::Recipient& recipient) {
    Conversation& hop = *lease_;
    // Offered when no host was known to lack it; this one does, so it has to be said now.
    const auto lacking = smtp::lacking(mail, hop.extensions());
    if (lacking == smtp::Extension::smtputf8) co_return refusal(550, "5.6.7 SMTPUTF8 needed");
    if (lacking == smtp::Extension::eight_bit_mime) co_return refusal(554, "5.6.3 8BITMIME needed");
    const io::Duration wait = pool_.environment().bounds.command;
    const bool pipelining = hop.extensions().has(smtp::Extension::pipelining);
    std::string commands;
    smtp::append_mail(commands, mail, hop.extensions());
    if (pipelining) smtp::append_rcpt(commands, recipient, hop.extensions());
    auto said = co_await hop.ask(commands, wait);
    said = Conversation::in_step(std::move(said));
    if (!said) co_return lost(std::move(said.error()));
    hop.state().mail(*said);
    mail_accepted_ = smtp::is_positive(said->code);
    if (!pipelining && !mail_accepted_) co_return Answer{.reply = std::move(*said), .failure = {}};
    if (!pipelining) co_return co_await further(recipient);
    auto answer = co_await hop.reply(wait);
    if (!mail_accepted_) co_return Answer{.reply = std::move(*said), .failure = {}};
    answer = Conversation::in_step(std::move(answer));
    if (!answer) co_return lost(std::move(answer.error()));
    co_return Answer{.reply = std::move(*answer), .failure = {}};
}

io::Task<Answer> Delivery::further(const smtp::Recipient& recipient) {
    std::string command;
    smtp::append_rcpt(command, recipient, lease_->extensions());
    auto answer = co_await lease_->ask(command, pool_.environment().bounds.command);
    answer = Conversation::in_step(std::move(answer));
    if (!answer) co_return lost(std::move(answer.error()));
    co_return Answer{.reply = std::move(*answer), .failure = {}};
}

io::Task<std::optional<Answer>> Delivery::begin_content() {
    assert(stage_ == Stage::envelope);
    if (failure_) co_return Answer{.reply = {}, .failure = failure_};
    assert(lease_);
    if (!lease_->extensions().has(smtp::Extension::chunking)) co_return co_await say_data();
    stage_ = Stage::gathering;
    co_return std::nullopt;
}

io::Task<std::optional<Answer>> Delivery::say_data() {
    stage_ = Stage::envelope;
    std::string command;
    smtp::append_data(command);
    auto answer = co_await lease_->ask(command, pool_.environment().bounds.command);
    if (!answer) co_return lost(std::move(answer.error()));
    if (!smtp::is_intermediate(answer->code)) {
        if (answer->code < 400) co_return lost(Conversation::out_of_step(*answer));
        co_return Answer{.reply = std::move(*answer), .failure = {}};
    }
    stage_ = Stage::behind_data;
    co_return std::nullopt;
}

io::Task<bool> Delivery::flush() {
    const auto sent = co_await lease_->say(pending_, pool_.environment().bounds.data_block);
    pending_.clear();
    if (!sent) failure_ = sent.error();
    co_return sent.has_value();
}

io::Task<bool> Delivery::write(std::string_view content) {
    if (failure_ || refusal_) co_return false;
    assert(stage_ != Stage::envelope);
    if (pending_.size() + content.size() <= together_bytes) {
        pending_ += content;
        co_return true;
    }
    if (stage_ == Stage::gathering) {
        refusal_ = co_await say_data();
        if (refusal_) co_return false;
    }
    if (!pending_.empty()) {
        const bool flushed = co_await flush();
        if (!flushed) co_return false;
    }
    const auto sent = co_await lease_->say(content, pool_.environment().bounds.data_block);
    if (!sent) failure_ = sent.error();
    co_return sent.has_value();
}

io::Task<Answer> Delivery::finish() {
    if (refusal_) {
        abandon();
        co_return std::move(*refusal_);
    }
    if (stage_ == Stage::gathering) co_return co_await finish_in_one_piece();
    co_return co_await finish_behind_data();
}

io::Task<Answer> Delivery::finish_in_one_piece() {
    std::string content;
    smtp::DotUnstuffer{}.unstuff(pending_, content);
    stage_ = Stage::envelope;
    auto answer = co_await lease_->tell_in_one_piece(content, pool_.environment().bounds.data_end);
    co_return conclude(std::move(lease_), std::move(answer));
}

io::Task<Answer> Delivery::finish_behind_data() {
    assert(stage_ == Stage::behind_data);
    constexpr io::Duration last_words{100};
    const Bounds& bounds = pool_.environment().bounds;
    bool whole = !failure_.has_value() && lease_->silent();
    if (whole) {
        pending_ += smtp::end_of_data;
        whole = co_await flush();
    }
    // A server that refuses or closes in the middle may have said why.
    auto answer = co_await lease_->reply(whole ? bounds.data_end : last_words);
    stage_ = Stage::envelope;
    Lease lease = std::move(lease_);
    if (!whole) {
        const bool explained = answer && answer->code >= 400;
        if (explained) co_return Answer{.reply = std::move(*answer), .failure = {}};
        if (!failure_ && answer) co_return lost(Conversation::out_of_step(*answer));
        if (!failure_) co_return lost(std::move(answer.error()));
        co_return Answer{.reply = {}, .failure = failure_};
    }
    co_return conclude(std::move(lease), std::move(answer));
}

// The next hop's answer to the whole message.
Answer Delivery::conclude(Lease lease, Conversation::Replied answer) {
    answer = Conversation::in_step(std::move(answer));
    if (!answer) return lost(std::move(answer.error()));
    lease->state().message_done();
    pool_.give_back(std::move(lease));
    return Answer{.reply = std::move(*answer), .failure = {}};
}

void Delivery::abandon() {
    pending_.clear();
    if (!lease_) return;
    if (stage_ == Stage::behind_data || failure_) {
        lease_ = {};
    } else if (mail_accepted_) {
        pool_.reset_and_give_back(std::move(lease_));
    } else {
        pool_.give_back(std::move(lease_));
    }
    stage_ = Stage::envelope;
    mail_accepted_ = false;
}

} // namespace postern::relay
