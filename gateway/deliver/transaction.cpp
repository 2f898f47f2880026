#include "gateway/deliver/transaction.h"

#include "gateway/smtp/body.h"
#include "gateway/smtp/client.h"

#include <algorithm>
#include <utility>

namespace postern::deliver {
namespace {

constexpr io::Duration last_words_wait{100};

// RFC 5321 4.5.3.1.10: some servers say 552 where the standard wants 452, when they have enough
// recipients.
bool has_enough(const smtp::ParsedReply& reply) {
    constexpr smtp::EnhancedCode too_many_recipients{.status = 5, .subject = 5, .detail = 3};
    if (reply.code != 552) return false;
    return !reply.enhanced().present() || reply.enhanced() == too_many_recipients;
}

smtp::EnhancedCode status_without(smtp::Extension extension) {
    const bool utf8 = extension == smtp::Extension::smtputf8;
    return {.status = 5, .subject = 6, .detail = static_cast<std::uint16_t>(utf8 ? 7 : 3)};
}

std::string_view name_of(smtp::Extension extension) {
    return extension == smtp::Extension::smtputf8 ? "SMTPUTF8" : "8BITMIME";
}

} // namespace

io::Task<void> Transaction::run() {
    recipients_ = sayable();
    if (recipients_.empty()) co_return;
    const bool accepted = co_await envelope();
    if (accepted) co_await content();
    // What was left half done is not worth a RSET. Behind a refused MAIL there may be answers to
    // RCPT on their way, which must not pass for those of the next message.
    const bool finished = accepted && conversation_.state().can_start_transaction();
    if (!finished) conversation_.state().end();
}

// The recipients that can be said to this host. It may be another one takes the others.
std::vector<std::size_t> Transaction::sayable() {
    std::vector<std::size_t> sayable;
    const smtp::Extensions& offered = conversation_.extensions();
    const auto of_mail = smtp::lacking(message_.mail, offered);
    for (const std::size_t number : ledger_.open()) {
        const auto lacking =
            of_mail ? of_mail : smtp::lacking(message_.recipients[number], offered);
        if (!lacking) {
            sayable.push_back(number);
            continue;
        }
        Outcome outcome = outcome_of(Cause::extension_missing, std::string{name_of(*lacking)});
        outcome.status = status_without(*lacking);
        outcome.host = host_.name;
        outcome.address = host_.endpoint.text();
        ledger_.weigh(number, outcome);
    }
    return sayable;
}

// One more, or as many as travel together.
void Transaction::append_recipients(std::string& commands) {
    const bool pipelining = conversation_.extensions().has(smtp::Extension::pipelining);
    const std::size_t count = pipelining ? commands_together_max : 1;
    const std::size_t end = std::min(said_ + count, recipients_.size());
    for (; said_ < end; ++said_) {
        const smtp::Recipient& recipient = message_.recipients[recipients_[said_]];
        smtp::append_rcpt(commands, recipient, conversation_.extensions());
    }
}

// MAIL and RCPT. False: no recipient was accepted, or there is no conversation any more.
io::Task<bool> Transaction::envelope() {
    std::string commands;
    smtp::append_mail(commands, message_.mail, conversation_.extensions());
    if (conversation_.extensions().has(smtp::Extension::pipelining)) append_recipients(commands);
    auto answer = co_await conversation_.ask(commands, bounds_.command);
    answer = relay::Conversation::in_step(std::move(answer));
    if (answer && smtp::is_positive(answer->code)) {
        conversation_.state().mail(*answer);
    } else {
        answer ? refused(*answer) : broke(answer.error());
        co_return false;
    }
    while (heard_ < recipients_.size()) {
        if (heard_ < said_) {
            answer = co_await conversation_.reply(bounds_.command);
        } else {
            commands.clear();
            append_recipients(commands);
            answer = co_await conversation_.ask(commands, bounds_.command);
        }
        answer = relay::Conversation::in_step(std::move(answer));
        if (!answer || answer->code == 421) {
            answer ? refused(*answer) : broke(answer.error());
            co_return false;
        }
        hear(*answer);
    }
    co_return !accepted_.empty();
}

// The answer to RCPT of the next recipient.
void Transaction::hear(const smtp::ParsedReply& reply) {
    const std::size_t recipient = recipients_[heard_++];
    if (smtp::is_positive(reply.code)) {
        accepted_.push_back(recipient);
        return;
    }
    Outcome outcome = outcome_of(reply, host_, conversation_);
    if (has_enough(reply) && !accepted_.empty()) {
        outcome.disposition = Disposition::deferred;
        outcome.cause = Cause::postponed;
        outcome.status = {.status = 4, .subject = 5, .detail = 3};
    }
    if (outcome.cause == Cause::refused) {
        ledger_.settle(recipient, std::move(outcome));
    } else {
        ledger_.weigh(recipient, outcome);
    }
}

io::Task<void> Transaction::content() {
    message_.content.rewind();
    const bool could_read = co_await read();
    if (!could_read) co_return;
    const bool chunking = conversation_.extensions().has(smtp::Extension::chunking);
    if (chunking && at_end_) {
        co_await in_one_piece();
    } else {
        co_await behind_data();
    }
}

// Reads until a piece is full or the content has ended. Content that cannot be read is never ended
// with a dot.
io::Task<bool> Transaction::read() {
    piece_.clear();
    while (!at_end_ && piece_.size() < content_together_bytes) {
        const auto bytes = co_await message_.content.next();
        if (!bytes) {
            fault("the message cannot be read");
            co_return false;
        }
        at_end_ = bytes->empty();
        piece_ += *bytes;
    }
    co_return true;
}

io::Task<void> Transaction::in_one_piece() {
    const auto answer = co_await conversation_.tell_in_one_piece(piece_, bounds_.data_end);
    verdict(answer);
}

io::Task<void> Transaction::behind_data() {
    std::string command;
    smtp::append_data(command);
    const auto answer = co_await conversation_.ask(command, bounds_.command);
    if (!answer) {
        broke(answer.error());
    } else if (answer->code >= 400) {
        refused(*answer);
    } else if (!smtp::is_intermediate(answer->code)) {
        broke(relay::Conversation::out_of_step(*answer));
    } else {
        const bool streamed = co_await stream();
        if (!streamed) co_return;
        const auto said = co_await conversation_.say(stuffed_, bounds_.data_block);
        // What is said now may have been heard, whole.
        auto last = co_await conversation_.reply(said ? bounds_.data_end : last_words_wait);
        if (!said && (!last || smtp::is_positive(last->code))) last = std::unexpected{said.error()};
        verdict(last);
    }
}

// All of the content but its last piece, which is left in `stuffed_` with the end of data. False:
// the host has not got it all, and what comes of that is written down.
io::Task<bool> Transaction::stream() {
    for (;;) {
        if (stuffer_.stuff(piece_, stuffed_) != smtp::DataState::more) break;
        if (at_end_) {
            if (stuffer_.finish(stuffed_) != smtp::DataState::more) break;
            stuffed_ += smtp::end_of_data;
            const bool unasked = !conversation_.silent();
            if (unasked) {
                co_await interrupted(std::nullopt);
            }
            co_return !unasked;
        }
        const auto said = co_await conversation_.say(stuffed_, bounds_.data_block);
        if (!said) {
            co_await interrupted(said.error());
            co_return false;
        }
        stuffed_.clear();
        const bool could_read = co_await read();
        if (!could_read) co_return false;
    }
    fault("the message has a bare CR or LF");
    co_return false;
}

// A server that refuses or closes in the middle may have said why. Without a failure it has done
// the one or the other.
io::Task<void> Transaction::interrupted(std::optional<relay::Failure> failure) {
    const auto words = co_await conversation_.reply(last_words_wait);
    if (words && words->code >= 400) {
        refused(*words);
    } else if (failure) {
        broke(*failure);
    } else {
        broke(words ? relay::Conversation::out_of_step(*words) : words.error());
    }
    conversation_.state().end();
}

// The answer to the whole message. Without one it may have been taken all the same: no other host
// is asked in this attempt.
void Transaction::verdict(const Replied& answer) {
    const Replied judged = relay::Conversation::in_step(answer);
    if (judged && !smtp::is_positive(judged->code)) refused(*judged);
    for (const std::size_t recipient : std::exchange(accepted_, {})) {
        ledger_.settle(recipient,
                       judged ? outcome_of(*judged, host_, conversation_)
                              : outcome_of(judged.error(), host_, {}));
    }
    if (!judged || judged->code == 421) {
        conversation_.state().end();
    } else {
        conversation_.state().message_done();
    }
}

// Neither refused nor decided on.
std::vector<std::size_t> Transaction::unanswered() const {
    std::vector<std::size_t> numbers = accepted_;
    numbers.insert(numbers.end(),
                   recipients_.begin() + static_cast<std::ptrdiff_t>(heard_),
                   recipients_.end());
    return numbers;
}

void Transaction::broke(const relay::Failure& failure) {
    const Outcome outcome = outcome_of(failure, host_, {});
    for (const std::size_t recipient : unanswered()) {
        ledger_.weigh(recipient, outcome);
    }
    conversation_.state().end();
}

void Transaction::fault(std::string_view detail) {
    const Outcome outcome = outcome_of(Cause::ours, std::string{detail});
    for (const std::size_t recipient : unanswered()) {
        ledger_.settle(recipient, outcome);
    }
    conversation_.state().end();
}

// A refusal of all that are unanswered.
void Transaction::refused(const smtp::ParsedReply& reply) {
    const Outcome outcome = outcome_of(reply, host_, conversation_);
    for (const std::size_t recipient : unanswered()) {
        if (outcome.cause == Cause::refused) {
            ledger_.settle(recipient, outcome);
        } else {
            ledger_.weigh(recipient, outcome);
        }
    }
    accepted_.clear();
    if (reply.code == 421) conversation_.state().end();
}

} // namespace postern::deliver
