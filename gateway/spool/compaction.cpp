#include "gateway/spool/spool.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

// Space comes back from the oldest segment only: what lives in it is written anew at the end of the
// log, then it goes. A record that takes an earlier one back so never goes before it, and with a
// log that is at least half dead as a whole, as much is freed as is written.
namespace postern::spool {
namespace {

constexpr std::chrono::minutes retry_after{1};
constexpr std::size_t page_entries = 4096; // looked at in one go
constexpr std::size_t moves_together = 64; // which share an fdatasync

io::Task<std::expected<Entry, Error>> copy_to_end(Spool& spool, Log& log, Message message) {
    Message copy = message;
    copy.content.clear();
    copy.content_bytes = 0;
    copy.outcomes = 0; // they are in the copy
    Writer writer{spool, log, Room::moving, std::move(copy)};
    Reader reader{log, message};
    for (;;) {
        const auto piece = co_await reader.next();
        if (!piece) co_return std::unexpected{piece.error()};
        if (piece->empty()) break;
        const auto added = co_await writer.add(*piece);
        if (!added) co_return std::unexpected{added.error()};
    }
    co_return co_await writer.store();
}

} // namespace

io::Task<std::vector<MessageId>> Spool::take_all(Log& log, std::uint32_t segment) {
    constexpr io::Duration pause{1}; // there may be millions, and others have work to do
    const std::uint16_t number = number_of(log);
    std::vector<MessageId> taken;
    for (auto entries = page(0, page_entries); !entries.empty();
         entries = page(entries.back().id, page_entries)) {
        for (const Entry& entry : entries) {
            if (entry.log == number && entry.first_segment == segment && take(entry.id)) {
                taken.push_back(entry.id);
            }
        }
        if (entries.size() < page_entries || stopping_) break;
        [[maybe_unused]] const bool sooner = co_await earlier_.wait(pause);
    }
    co_return taken;
}

io::Task<void> Spool::compact() {
    if (compacting_) co_return;
    compacting_ = true;
    for (const auto& log : logs_) {
        for (;;) {
            const auto segment = log->worn_out();
            if (!segment || stopping_) break;
            const bool emptied = co_await empty_out(*log, *segment);
            if (!emptied || !co_await log->remove_oldest()) {
                compaction_not_before_ = ring_.now() + retry_after;
                break;
            }
        }
    }
    compacting_ = false;
}

io::Task<bool> Spool::empty_out(Log& log, std::uint32_t segment) {
    if (log.idle(segment)) co_return true;
    const std::vector<MessageId> ids = co_await take_all(log, segment);
    std::expected<void, Error> moved;
    io::TaskGroup moving{ring_};
    for (auto rest = std::span{ids}; !rest.empty();) {
        const auto together = rest.first(std::min(rest.size(), moves_together));
        for (const MessageId id : together) {
            moving.spawn(move_or_leave(log, id, moved));
        }
        constexpr io::Duration longest = std::chrono::hours{1};
        while (moving.running() > 0) {
            [[maybe_unused]] const bool ended = co_await moving.ended(longest);
        }
        rest = rest.subspan(together.size());
    }
    earlier_.set();
    co_return moved&& log.idle(segment);
}

// After the first that did not work, the others stay where they are.
io::Task<void> Spool::move_or_leave(Log& log, MessageId id, std::expected<void, Error>& all) {
    auto moved = all;
    if (moved) moved = co_await move(log, id);
    if (!moved && moved.error() == Error::damaged) {
        // Pinned for good, so that what is left of it is there when the next start looks.
        set_aside(id);
        co_return;
    }
    log.unpin(index_.hand(id)->first_segment);
    index_.put_back(id);
    if (!moved) all = moved;
}

io::Task<std::expected<void, Error>> Spool::move(Log& log, MessageId id) {
    auto message = co_await load(id);
    if (!message) co_return std::unexpected{message.error()};
    const auto copy = co_await copy_to_end(*this, log, std::move(*message));
    if (!copy) co_return std::unexpected{copy.error()};
    Entry& entry = *index_.hand(id);
    log.unpin(entry.first_segment);
    log.dies(entry.first_segment, entry.bytes);
    entry.record = copy->record;
    entry.outcome = {};
    entry.first_segment = copy->first_segment;
    entry.bytes = copy->bytes;
    log.pin(entry.first_segment);
    log.lives(entry.first_segment, entry.bytes);
    ++counters_.messages_moved;
    co_return std::expected<void, Error>{};
}

} // namespace postern::spool
