#include "gateway/channel.h"

#include "gateway/smtp/line.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace postern::gateway {
namespace {

constexpr std::size_t plain_bytes = 32768;       // what one receive buffer decrypts to
constexpr std::size_t skipped_bytes_max = 65536; // of a line that is too long
constexpr std::size_t lingering_bytes_max = 1048576;
constexpr std::size_t unsaid_bytes_max = 4096; // of records that may wait for our next words

ChannelError from(io::Error error) {
    switch (error) {
    case io::Error::closed: return ChannelError::closed;
    case io::Error::timed_out: return ChannelError::timed_out;
    case io::Error::cancelled: return ChannelError::cancelled;
    case io::Error::reset:
    case io::Error::refused:
    case io::Error::unreachable:
    case io::Error::exhausted:
    case io::Error::other: return ChannelError::broken;
    }
    return ChannelError::broken;
}

} // namespace

std::string_view text(ChannelError error) {
    switch (error) {
    case ChannelError::closed: return "closed";
    case ChannelError::broken: return "connection broken";
    case ChannelError::timed_out: return "timed out";
    case ChannelError::cancelled: return "cancelled";
    case ChannelError::tls: return "TLS failed";
    case ChannelError::line_too_long: return "line too long";
    case ChannelError::bare_line_end: return "bare CR or LF";
    case ChannelError::nul: return "NUL byte";
    case ChannelError::flood: return "line without end";
    }
    return "failed";
}

io::Task<std::expected<void, ChannelError>> Channel::receive(io::Duration wait) {
    chunk_.reset();
    auto received = co_await socket_.receive(wait);
    if (!received) co_return std::unexpected{from(received.error())};
    chunk_ = std::move(*received);
    bytes_in_ += chunk_.bytes().size();
    co_return {};
}

io::Task<std::expected<void, ChannelError>> Channel::flush(io::Duration wait, io::Behind behind) {
    if (out_.empty()) co_return {};
    bytes_out_ += out_.size();
    const auto sent = co_await socket_.send(out_, wait, behind);
    std::string{}.swap(out_); // an idle connection owns no buffer
    if (!sent) co_return std::unexpected{from(sent.error())};
    co_return {};
}

// Waits until there are unread plain bytes; there are none now.
io::Task<std::expected<void, ChannelError>> Channel::fill(io::Duration wait) {
    assert(window_.empty());
    if (engine_) co_return co_await decrypt(wait);
    const auto received = co_await receive(wait);
    if (received) window_ = chunk_.bytes();
    co_return received;
}

namespace {

std::optional<ChannelError> end_of(ssl::Progress progress) {
    if (progress == ssl::Progress::closed) return ChannelError::closed;
    if (progress == ssl::Progress::failed) return ChannelError::tls;
    return std::nullopt;
}

// RFC 8446 6.1: without close_notify the end may be an attacker's doing.
ChannelError cut_short(ChannelError error) {
    return error == ChannelError::closed ? ChannelError::broken : error;
}

} // namespace

bool Channel::answer_may_wait() const { return !window_.empty() && out_.size() < unsaid_bytes_max; }

io::Task<std::expected<void, ChannelError>> Channel::decrypt(io::Duration wait) {
    for (;;) {
        if (cipher_.empty() && !engine_->has_plain()) {
            plain_.reset();
            const auto received = co_await receive(wait);
            if (!received) co_return std::unexpected{cut_short(received.error())};
            cipher_ = chunk_.bytes();
        }
        if (!plain_) plain_ = std::make_unique_for_overwrite<char[]>(plain_bytes);
        const ssl::Engine::Read read = engine_->read(cipher_, {plain_.get(), plain_bytes}, out_);
        if (cipher_.empty()) chunk_.reset();
        window_ = {plain_.get(), read.bytes};
        // An answer to KeyUpdate, an alert: now, unless there is something to answer anyhow.
        if (answer_may_wait()) co_return {};
        const auto flushed = co_await flush(wait);
        if (!window_.empty()) co_return {};
        if (const auto end = end_of(read.progress)) co_return std::unexpected{*end};
        if (!flushed) co_return flushed;
    }
}

namespace {

std::optional<std::expected<std::string_view, ChannelError>> result_of(const smtp::Line& line) {
    switch (line.state) {
    case smtp::LineState::line: return line.text;
    case smtp::LineState::need_more: return std::nullopt;
    case smtp::LineState::too_long: return std::unexpected{ChannelError::line_too_long};
    case smtp::LineState::bare_cr:
    case smtp::LineState::bare_lf: return std::unexpected{ChannelError::bare_line_end};
    case smtp::LineState::nul: return std::unexpected{ChannelError::nul};
    }
    return std::nullopt;
}

} // namespace

std::optional<Channel::LineResult> Channel::line_from_window(std::size_t bytes_max) {
    if (!carry_.empty()) std::string{}.swap(carry_); // the line before this one
    const smtp::Line line = smtp::find_line(window_, bytes_max);
    auto result = result_of(line);
    // An over-long line is skipped where waiting is possible.
    if (result && !*result && result->error() == ChannelError::line_too_long) return std::nullopt;
    window_.remove_prefix(line.consumed);
    return result;
}

io::Task<Channel::LineResult> Channel::line_in_parts(std::size_t bytes_max, io::Duration wait) {
    for (;;) {
        if (carry_.empty()) {
            const auto whole = line_from_window(bytes_max);
            if (whole) co_return *whole;
        }
        const std::size_t end = window_.find('\n');
        const std::size_t part = end == std::string_view::npos ? window_.size() : end + 1;
        carry_.append(window_.substr(0, std::min(part, bytes_max + 1)));
        const smtp::Line line = smtp::find_line(carry_, bytes_max);
        const auto result = result_of(line);
        if (result && !*result && result->error() == ChannelError::line_too_long) {
            co_return co_await skip_line(wait);
        }
        window_.remove_prefix(part);
        if (result) co_return *result;
        const auto filled = co_await fill(wait);
        if (!filled) co_return std::unexpected{filled.error()};
    }
}

io::Task<Channel::LineResult> Channel::skip_line(io::Duration wait) {
    std::string{}.swap(carry_);
    std::size_t skipped = 0;
    for (;;) {
        const smtp::Skipped skip = smtp::skip_line(window_);
        window_.remove_prefix(skip.consumed);
        if (skip.ended) co_return std::unexpected{ChannelError::line_too_long};
        skipped += skip.consumed;
        if (skipped > skipped_bytes_max) co_return std::unexpected{ChannelError::flood};
        const auto filled = co_await fill(wait);
        if (!filled) co_return std::unexpected{filled.error()};
    }
}

io::Task<std::expected<void, ChannelError>> Channel::send(std::string_view bytes,
                                                          io::Duration wait) {
    if (engine_) {
        if (engine_->write(bytes, out_) == ssl::Progress::failed) {
            co_return std::unexpected{ChannelError::tls};
        }
        co_return co_await flush(wait);
    }
    bytes_out_ += bytes.size();
    const auto sent = co_await socket_.send(bytes, wait);
    if (!sent) co_return std::unexpected{from(sent.error())};
    co_return {};
}

io::Task<std::expected<void, ssl::Error>>
Channel::start_tls(ssl::ServerContext& context, EarlyBytes early, io::Duration wait) {
    auto engine = ssl::Engine::server(context);
    if (!engine) co_return std::unexpected{engine.error()};
    engine_ = std::move(*engine);
    co_return co_await handshake(End::server, early, wait);
}

io::Task<std::expected<void, ssl::Error>>
Channel::start_tls(ssl::ClientContext& context, std::string_view server_name, io::Duration wait) {
    auto engine = ssl::Engine::client(context, server_name);
    if (!engine) co_return std::unexpected{engine.error()};
    engine_ = std::move(*engine);
    co_return co_await handshake(End::client, EarlyBytes::thrown_away, wait);
}

io::Task<std::expected<void, ssl::Error>>
Channel::handshake(End end, EarlyBytes early, io::Duration wait) {
    // RFC 3207 4.2: nothing said in clear is carried over.
    cipher_ = early == EarlyBytes::are_tls ? window_ : std::string_view{};
    window_ = {};
    std::string{}.swap(carry_);
    if (cipher_.empty()) chunk_.reset();
    constexpr ssl::Error cut{.cause = ssl::Cause::closed};
    const io::Clock::time_point deadline = socket_.ring().now() + wait;
    for (;;) {
        const ssl::Progress progress = engine_->handshake(cipher_, out_);
        if (progress == ssl::Progress::done && end == End::server &&
            engine_->peer().version == ssl::Version::tls_1_3) {
            break; // `out_` is a ticket, for which nobody waits
        }
        const auto left = std::max(
            io::Duration{1}, std::chrono::ceil<io::Duration>(deadline - socket_.ring().now()));
        const auto flushed = co_await flush(left);
        if (progress == ssl::Progress::failed) co_return std::unexpected{engine_->error()};
        if (!flushed || progress == ssl::Progress::closed) co_return std::unexpected{cut};
        if (progress == ssl::Progress::done) break;
        const auto received = co_await receive(left);
        if (!received) co_return std::unexpected{cut};
        cipher_ = chunk_.bytes();
    }
    if (cipher_.empty()) chunk_.reset();
    co_return {};
}

io::Task<void> Channel::close(io::Duration wait, std::string_view last_words) {
    if (!engine_) {
        out_ = last_words;
    } else {
        if (!last_words.empty()) static_cast<void>(engine_->write(last_words, out_));
        engine_->close(out_);
    }
    [[maybe_unused]] const auto flushed = co_await flush(wait, io::Behind::the_end);
    socket_.shut_down_send();
    window_ = cipher_ = {};
    const io::Clock::time_point deadline = socket_.ring().now() + wait;
    std::size_t read = 0;
    while (read < lingering_bytes_max) {
        const auto left = std::chrono::ceil<io::Duration>(deadline - socket_.ring().now());
        if (left <= io::Duration{0}) break;
        const auto received = co_await receive(left);
        if (!received) break;
        read += chunk_.bytes().size();
    }
    chunk_.reset();
}

} // namespace postern::gateway
