#include "gateway/spool/spool.h"

#include <utility>
#include <vector>

// Space comes back from the oldest segment only: what lives in it is written anew at the end of the
// log, then it goes. A record that takes an earlier one back so never goes before it, and with a
// log that is at least half dead as a whole, as much is freed as is written.
namespace postern::spool {
namespace {

constexpr std::chrono::minutes retry_after{1};

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
    const std::vector<MessageId> ids = index_.take_all(number_of(log), segment);
    for (std::size_t taken = 0; taken < ids.size(); ++taken) {
        log.pin(segment);
    }
    std::expected<void, Error> moved;
    for (const MessageId id : ids) {
        if (moved) moved = co_await move(log, id);
        if (!moved && moved.error() == Error::damaged) {
            // Pinned for good, so that what is left of it is there when the next start looks.
            set_aside(id);
            moved = {};
            continue;
        }
        log.unpin(index_.hand(id)->first_segment);
        index_.put_back(id);
    }
    earlier_.set();
    co_return moved&& log.idle(segment);
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
