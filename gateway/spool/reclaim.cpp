#include "gateway/spool/log.h"

#include <cassert>
#include <utility>

// How a log gives space back: by its oldest segment, and by the active one when there is no other.
namespace postern::spool {
namespace {

bool is_half_dead(const Segment& segment) {
    return segment.usage.messages == 0 || segment.usage.bytes <= segment.written() / 2;
}

} // namespace

bool Log::idle(std::uint32_t segment) const {
    const Segment* const found = find(segment);
    return found == nullptr || (found->usage.messages == 0 && found->usage.pins == 0);
}

std::optional<std::uint32_t> Log::worn_out() const {
    if (segments_.empty() || segments_.front().get() == active_ || removing_) return std::nullopt;
    const Segment& oldest = *segments_.front();
    if (oldest.usage.pins > 0) return std::nullopt;
    const std::uint64_t all = closed_bytes_ + (active_ != nullptr ? active_->written() : 0);
    // What lives in more than half of a segment may need more than is kept back for moving it.
    const bool dead = is_half_dead(oldest) || (live_bytes_ <= all / 2 && (spare_ || !full_));
    if (!dead) return std::nullopt;
    return oldest.number();
}

// Without space for a new segment: gives up the active one, if it is all there is and mostly dead.
// True: it is gone. If it is not, the compaction can empty it.
io::Task<bool> Log::give_active_up() {
    if (active_ == nullptr || segments_.front().get() != active_ || removing_) co_return false;
    if (appended_ == segment_header_bytes || !is_half_dead(*active_)) co_return false;
    const std::uint32_t number = active_->number();
    if (!idle(number)) {
        if (spare_) co_await begin_spare();
        co_return false;
    }
    co_await seal();
    active_ = nullptr;
    co_return (co_await remove_oldest()).has_value();
}

io::Task<bool> Log::give_space_back() {
    if (rolling_ || stopping_) co_return false;
    rolling_ = true;
    const bool given = co_await give_active_up();
    rolling_ = false;
    changed_.set();
    co_return given;
}

io::Task<std::expected<void, Error>> Log::remove_oldest() {
    assert(!segments_.empty());
    assert(segments_.front().get() != active_);
    assert(idle(segments_.front()->number()));
    assert(!removing_); // one after the other, so that none is gone before those in front of it
    removing_ = true;
    std::unique_ptr<Segment> oldest = std::move(segments_.front());
    segments_.pop_front();
    auto removed = co_await oldest->remove();
    removing_ = false;
    if (!removed) {
        // It must not outlive those behind it, which say what in it is done.
        segments_.push_front(std::move(oldest));
        co_return removed;
    }
    ++counters_.segments_removed;
    closed_bytes_ -= oldest->written();
    const auto opened = co_await open_directory();
    if (!opened) co_return opened;
    const auto synced = co_await directory_.sync();
    if (!synced) co_return std::unexpected{error_from(synced.error())};
    co_return removed;
}

} // namespace postern::spool
