#include "gateway/receive/content.h"

#include "gateway/smtp/replies.h"

#include <algorithm>
#include <chrono>

namespace postern::receive {
namespace {

namespace replies = smtp::replies;

ContentError from(gateway::ChannelError error) {
    return error == gateway::ChannelError::timed_out ? ContentError::timed_out : ContentError::lost;
}

// Limits that only count content: the message is refused at its end, not cut off.
void check_limits(Intake& intake, const smtp::ContentFacts& facts, const ContentBounds& bounds) {
    if (intake.failed()) return;
    if (facts.bytes > bounds.message_bytes_max) intake.fail(replies::message_too_big());
    if (facts.line_too_long) intake.fail(replies::text_line_too_long());
}

// Twice the limit is a client that does not care what we say.
bool hopeless(std::uint64_t bytes, const ContentBounds& bounds) {
    return bytes / 2 > bounds.message_bytes_max;
}

} // namespace

std::string_view text(ContentError error) {
    switch (error) {
    case ContentError::bare_line_end: return "bare CR or LF";
    case ContentError::timed_out: return "timed out";
    case ContentError::too_slow: return "too slow";
    case ContentError::too_big: return "far too big";
    case ContentError::lost: return "connection lost";
    }
    return "failed";
}

bool RateGuard::too_slow(std::uint64_t bytes, io::Clock::time_point now) const {
    if (bounds_.rate_min == 0) return false;
    const auto spent = std::chrono::duration_cast<io::Duration>(now - began_);
    if (spent <= bounds_.rate_grace) return false;
    const auto milliseconds = static_cast<std::uint64_t>(spent.count());
    return bytes * 1000 < bounds_.rate_min * milliseconds;
}

io::Task<std::expected<smtp::ContentFacts, ContentError>>
read_data(gateway::Channel& channel, Intake& intake, const ContentBounds& bounds) {
    smtp::DataScanner scanner{bounds.text_line_bytes_max};
    const io::Ring& ring = channel.socket().ring();
    const RateGuard rate{bounds, ring.now()};
    for (;;) {
        const auto bytes = co_await channel.data(bounds.wait);
        if (!bytes) co_return std::unexpected{from(bytes.error())};
        const smtp::Scanned scanned = scanner.scan(*bytes);
        if (scanned.state == smtp::DataState::bare_cr ||
            scanned.state == smtp::DataState::bare_lf) {
            co_return std::unexpected{ContentError::bare_line_end};
        }
        check_limits(intake, scanner.facts(), bounds);
        if (!scanned.before.empty()) co_await intake.take(scanned.before);
        if (!scanned.content.empty()) co_await intake.take(scanned.content);
        channel.consume(scanned.consumed);
        if (scanned.state == smtp::DataState::end) co_return scanner.facts();
        if (hopeless(scanner.facts().bytes, bounds)) {
            co_return std::unexpected{ContentError::too_big};
        }
        if (rate.too_slow(scanner.facts().bytes, ring.now())) {
            co_return std::unexpected{ContentError::too_slow};
        }
    }
}

io::Task<std::expected<void, ContentError>> read_chunk(gateway::Channel& channel,
                                                       Intake& intake,
                                                       smtp::DotStuffer& stuffer,
                                                       std::uint64_t bytes,
                                                       const ContentBounds& bounds) {
    const io::Ring& ring = channel.socket().ring();
    const RateGuard rate{bounds, ring.now()};
    std::uint64_t read = 0;
    std::string stuffed;
    while (read < bytes) {
        const auto here = co_await channel.data(bounds.wait);
        if (!here) co_return std::unexpected{from(here.error())};
        const std::string_view part = here->substr(0, std::min(here->size(), bytes - read));
        stuffed.clear();
        if (stuffer.stuff(part, stuffed) != smtp::DataState::more) {
            co_return std::unexpected{ContentError::bare_line_end};
        }
        read += part.size();
        channel.consume(part.size());
        check_limits(intake, stuffer.facts(), bounds);
        co_await intake.take(stuffed);
        if (hopeless(stuffer.facts().bytes, bounds)) {
            co_return std::unexpected{ContentError::too_big};
        }
        if (rate.too_slow(read, ring.now())) co_return std::unexpected{ContentError::too_slow};
    }
    co_return {};
}

io::Task<std::expected<void, ContentError>>
skip_chunk(gateway::Channel& channel, std::uint64_t bytes, const ContentBounds& bounds) {
    if (hopeless(bytes, bounds)) co_return std::unexpected{ContentError::too_big};
    const io::Ring& ring = channel.socket().ring();
    const RateGuard rate{bounds, ring.now()};
    std::uint64_t read = 0;
    while (read < bytes) {
        const auto here = co_await channel.data(bounds.wait);
        if (!here) co_return std::unexpected{from(here.error())};
        const std::size_t part = std::min(here->size(), bytes - read);
        read += part;
        channel.consume(part);
        if (rate.too_slow(read, ring.now())) co_return std::unexpected{ContentError::too_slow};
    }
    co_return {};
}

} // namespace postern::receive
