#include "gateway/receive/session.h"
#include "gateway/smtp/replies.h"

#include <optional>
#include <string>
#include <utility>

// The part of a session in which a message arrives: RCPT, DATA and BDAT.

namespace postern::receive {
namespace {

namespace replies = smtp::replies;

// Nothing: there is nobody to reply to.
std::optional<smtp::Reply> reply_to(ContentError error, const std::string& hostname) {
    switch (error) {
    case ContentError::bare_line_end: return replies::bare_line_end();
    case ContentError::too_big: return replies::message_too_big();
    case ContentError::timed_out:
    case ContentError::too_slow: return replies::timed_out(hostname);
    case ContentError::lost: return std::nullopt;
    }
    return std::nullopt;
}

} // namespace

io::Task<Session::Step> Session::recipient(std::string_view argument) {
    if (!transaction_) co_return say(replies::mail_first());
    if (intake_) co_return say(replies::bdat_and_data_mixed());
    const Spoken spoken = co_await transaction_->recipient(argument, offered_);
    co_return say(spoken);
}

ContentBounds Session::content_bounds() const {
    const gateway::Settings& settings = *surroundings_.settings;
    return {.message_bytes_max = settings.limits.message_size,
            .text_line_bytes_max = settings.limits.text_line,
            .wait = settings.timeouts.data_block,
            .rate_min = settings.limits.data_rate,
            .rate_grace = settings.timeouts.data_rate_grace};
}

io::Task<Session::Step> Session::data() {
    if (!transaction_) co_return say(replies::mail_first());
    if (intake_) co_return say(replies::bdat_and_data_mixed());
    if (transaction_->recipients().empty()) co_return say(replies::no_valid_recipients());
    static_cast<void>(say(replies::start_mail_input()));
    const bool flushed = co_await flush();
    if (!flushed) co_return Ending::client_left;
    intake_ = transaction_->content();
    const ContentBounds bounds = content_bounds();
    const auto content = co_await read_data(channel_, *intake_, bounds);
    if (!content) co_return co_await content_failed(content.error());
    co_return co_await finish_message(*content);
}

// RFC 3030 2. The bytes of a chunk are read whatever is wrong with the command, unless it cannot be
// said how many there are.
io::Task<Session::Step> Session::chunk(std::string_view argument) {
    const auto bdat = smtp::parse_bdat(argument);
    if (!bdat) co_return co_await leave(bdat.error(), Ending::refused);
    // RFC 2920 3.2: who is to send more may be waiting for what was said so far.
    if (channel_.buffered() < bdat->bytes) {
        const bool flushed = co_await flush();
        if (!flushed) co_return Ending::client_left;
    }
    if (!transaction_) co_return co_await unwanted_chunk(bdat->bytes, replies::mail_first());
    if (transaction_->recipients().empty()) {
        co_return co_await unwanted_chunk(bdat->bytes, replies::no_valid_recipients());
    }
    const ContentBounds bounds = content_bounds();
    if (!intake_) {
        intake_ = transaction_->content();
        stuffer_ = std::make_unique<smtp::DotStuffer>();
    }
    if (bdat->bytes > bounds.message_bytes_max) {
        intake_->fail(replies::message_too_big());
        intake_->note_lost(stuffer_->facts(), text(ContentError::too_big));
        co_return co_await unwanted_chunk(bdat->bytes, replies::message_too_big());
    }
    const auto read = co_await read_chunk(channel_, *intake_, *stuffer_, bdat->bytes, bounds);
    if (!read) co_return co_await content_failed(read.error());
    if (!bdat->last) co_return say(replies::chunk_ok(bdat->bytes));
    std::string rest;
    if (stuffer_->finish(rest) != smtp::DataState::more) {
        co_return co_await content_failed(ContentError::bare_line_end);
    }
    co_await intake_->take(rest);
    const smtp::ContentFacts content = stuffer_->facts();
    co_return co_await finish_message(content);
}

// The transaction is over with it (RFC 3030 2: a failed BDAT aborts the message).
io::Task<Session::Step> Session::unwanted_chunk(std::uint64_t bytes, smtp::Reply reply) {
    end_transaction();
    const ContentBounds bounds = content_bounds();
    const auto skipped = co_await skip_chunk(channel_, bytes, bounds);
    if (!skipped && skipped.error() == ContentError::too_big) {
        co_return co_await leave(reply, Ending::refused);
    }
    if (!skipped) co_return co_await content_failed(skipped.error());
    co_return say(reply);
}

io::Task<Session::Step> Session::finish_message(const smtp::ContentFacts& content) {
    const Spoken spoken = co_await intake_->finish(content);
    ++messages_;
    end_transaction();
    const Step said = say(spoken);
    if (spoken.after == smtp::After::close) {
        co_await hang_up();
        co_return Ending::overload; // 421: it is never the message's fault
    }
    co_return said;
}

io::Task<Session::Step> Session::content_failed(ContentError error) {
    const std::optional<smtp::Reply> reply = reply_to(error, surroundings_.settings->hostname);
    if (intake_ && reply) intake_->fail(*reply);
    if (intake_) intake_->note_lost({}, text(error));
    if (!reply) co_return Ending::client_left;
    const bool in_time = error != ContentError::timed_out && error != ContentError::too_slow;
    co_return co_await leave(*reply, in_time ? Ending::refused : Ending::timed_out);
}

} // namespace postern::receive
