#include "gateway/spool/log.h"

#include <sys/random.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace postern::spool {
namespace {

constexpr io::Duration until_changed = std::chrono::hours{1};
constexpr std::size_t end_bytes = record_bytes(0);

Mark random_mark() {
    Mark mark = 0;
    // Cannot fail once the kernel has started up; a fixed mark would still be a good log, only one
    // that mail could imitate behind damage.
    [[maybe_unused]] const auto drawn = ::getrandom(&mark, sizeof mark, 0);
    return mark | 1U; // never zero, which is what unwritten space looks like
}

} // namespace

std::string segment_name(std::uint32_t number) {
    constexpr std::size_t digits = 6;
    const std::string text = std::to_string(number);
    return std::string(digits - std::min(digits, text.size()), '0') + text + ".seg";
}

Log::Log(io::Ring& ring,
         Settings settings,
         const std::vector<RecoveredSegment>& segments,
         LogCounters& counters)
    : ring_(ring)
    , settings_(std::move(settings))
    , counters_(counters)
    , period_began_(ring.now())
    , gathering_(ring)
    , changed_(ring)
    , tasks_(ring) {
    for (const RecoveredSegment& segment : segments) {
        assert(segment.header.number >= next_number_);
        next_number_ = segment.header.number + 1;
        segments_.push_back(std::make_unique<Segment>(ring,
                                                      settings_.directory + "/" +
                                                          segment_name(segment.header.number),
                                                      segment,
                                                      settings_.fault));
    }
    if (segments_.empty()) return;
    const Segment& last = *segments_.back();
    if (last.written() == segment_header_bytes && last.capacity() >= settings_.segment_bytes) {
        spare_ = std::move(segments_.back());
        segments_.pop_back();
    }
    if (!segments_.empty() && segments_.back()->capacity() > segments_.back()->written()) {
        active_ = segments_.back().get();
        appended_ = active_->written();
    }
    for (const auto& segment : segments_) {
        if (segment.get() != active_) closed_bytes_ += segment->written();
    }
}

Log::~Log() { assert(tasks_.running() == 0); }

io::Task<void> Log::stop() {
    stopping_ = true;
    gathering_.set();
    changed_.set();
    while (flushing_ || rolling_) {
        [[maybe_unused]] const bool set = co_await changed_.wait(until_changed);
    }
}

Segment* Log::find(std::uint32_t number) const {
    const auto found = std::ranges::lower_bound(
        segments_, number, {}, [](const auto& segment) { return segment->number(); });
    if (found == segments_.end() || (*found)->number() != number) return nullptr;
    return found->get();
}

std::size_t Log::payload_bytes_max() const {
    const std::size_t room = settings_.segment_bytes - state_bytes() - segment_header_bytes -
                             end_bytes - record_header_bytes - 8;
    return std::min(room, record_payload_bytes_max);
}

std::size_t Log::kept_from(Room room) const {
    switch (room) {
    case Room::usual: return state_bytes();
    case Room::reserve: return spare_ ? state_bytes() : active_->capacity() / 8 * 5;
    case Room::moving: return spare_ ? state_bytes() : state_bytes() / 4;
    case Room::last: return 0;
    }
    return 0;
}

bool Log::fits(std::size_t bytes, Room room) const {
    if (active_ == nullptr || sealing_ || active_->failure()) return false;
    if (room == Room::usual && !spare_) return false;
    return appended_ + bytes + end_bytes + kept_from(room) <= active_->capacity();
}

io::Task<std::expected<Place, Error>>
Log::append(Room room, RecordType type, std::string_view head, std::string_view rest) {
    const std::size_t payload = head.size() + rest.size();
    if (payload > payload_bytes_max()) co_return std::unexpected{Error::too_big};
    const auto made = co_await make_room(record_bytes(payload), room);
    if (!made) co_return std::unexpected{made.error()};
    co_return put(type, head, rest);
}

io::Task<std::expected<void, Error>> Log::make_reserve() {
    while (!spare_) {
        if (stopping_) co_return std::unexpected{Error::stopped};
        if (rolling_) {
            [[maybe_unused]] const bool set = co_await changed_.wait(until_changed);
            if (!spare_ && !rolling_) co_return std::unexpected{roll_error_};
            continue;
        }
        rolling_ = true;
        auto made = co_await make_segment();
        rolling_ = false;
        if (made) {
            spare_ = std::move(*made);
        } else {
            ++counters_.failures;
            ++rolls_failed_;
            roll_error_ = made.error();
        }
        changed_.set();
        if (!made) co_return std::unexpected{made.error()};
    }
    co_return std::expected<void, Error>{};
}

Place Log::put(RecordType type, std::string_view head, std::string_view rest) {
    const Place place{.segment = active_->number(), .offset = appended_};
    const std::size_t before = pending_.size();
    append_record(
        pending_, {.mark = active_->mark(), .offset = place.offset, .type = type}, head, rest);
    ++counters_.records;
    counters_.bytes += pending_.size() - before;
    appended_ += static_cast<std::uint32_t>(pending_.size() - before);
    return place;
}

io::Task<std::expected<void, Error>> Log::make_room(std::size_t bytes, Room room) {
    for (;;) {
        if (stopping_) co_return std::unexpected{Error::stopped};
        if (fits(bytes, room)) {
            if (pending_.size() < pending_bytes_max) co_return std::expected<void, Error>{};
            gathering_.set();
            start_flush();
            if (!flushing_) continue; // it has failed already
        } else if (!rolling_) {
            rolling_ = true;
            const auto rolled = co_await roll(room);
            rolling_ = false;
            changed_.set();
            if (rolled) continue;
            ++counters_.failures;
            ++rolls_failed_;
            roll_error_ = rolled.error();
            co_return std::unexpected{roll_error_};
        }
        // Everybody waits for one new segment, and shares its failure: but for those who may take
        // the reserve.
        const std::uint64_t failed_before = rolls_failed_;
        [[maybe_unused]] const bool set = co_await changed_.wait(until_changed);
        if (rolls_failed_ != failed_before && !fits(bytes, room) &&
            (room == Room::usual || !spare_)) {
            co_return std::unexpected{roll_error_};
        }
    }
}

// A step towards room: makes the spare, or begins it.
io::Task<std::expected<void, Error>> Log::roll(Room room) {
    // The one behind it first: while there is none, others go on into what is left of this one.
    std::unique_ptr<Segment> behind;
    if (room == Room::usual || !spare_) {
        auto made = co_await make_segment();
        if (!made) co_return std::unexpected{made.error()};
        behind = std::move(*made);
    }
    if (!spare_) {
        spare_ = std::move(behind);
        co_return std::expected<void, Error>{};
    }
    co_await begin_spare();
    if (!behind && settings_.keeps_reserve) {
        auto made = co_await make_segment();
        if (made) behind = std::move(*made);
    }
    spare_ = std::move(behind);
    co_return std::expected<void, Error>{};
}

io::Task<void> Log::begin_spare() {
    if (active_ != nullptr) co_await seal();
    active_ = spare_.get();
    appended_ = segment_header_bytes;
    wanted_ = 0;
    segments_.push_back(std::move(spare_));
}

io::Task<std::expected<std::unique_ptr<Segment>, Error>> Log::make_segment() {
    auto made = co_await next_segment();
    if (!made && made.error() == Error::full && co_await give_active_up()) {
        made = co_await next_segment();
    }
    full_ = !made && made.error() == Error::full;
    if (made) ++counters_.segments_made;
    co_return made;
}

io::Task<std::expected<void, Error>> Log::open_directory() {
    if (directory_.valid()) co_return std::expected<void, Error>{};
    auto directory = co_await io::File::open(
        ring_, settings_.directory, io::File::Mode::directory, settings_.fault);
    if (!directory) co_return std::unexpected{error_from(directory.error())};
    if (!directory_.valid()) directory_ = std::move(*directory);
    co_return std::expected<void, Error>{};
}

io::Task<std::expected<std::unique_ptr<Segment>, Error>> Log::next_segment() {
    const auto opened = co_await open_directory();
    if (!opened) co_return std::unexpected{opened.error()};
    const SegmentHeader header{
        .shard = settings_.shard, .number = next_number_++, .mark = random_mark()};
    auto segment = co_await Segment::create(ring_,
                                            settings_.directory + "/" + segment_name(header.number),
                                            header,
                                            settings_.segment_bytes,
                                            settings_.fault);
    if (!segment) co_return std::unexpected{segment.error()};
    const auto synced = co_await directory_.sync();
    if (!synced) {
        [[maybe_unused]] const auto removed = co_await (*segment)->remove();
        co_return std::unexpected{error_from(synced.error())};
    }
    co_return std::move(*segment);
}

io::Task<void> Log::seal() {
    sealing_ = true;
    if (!active_->failure()) {
        wanted_ = put(RecordType::end, {}, {}).offset;
        gathering_.set();
        start_flush();
    }
    while (flushing_) {
        [[maybe_unused]] const bool set = co_await changed_.wait(until_changed);
    }
    co_await active_->release_rest();
    closed_bytes_ += active_->written();
    sealing_ = false;
}

io::Task<std::expected<Record, Error>>
Log::read(Place place, std::size_t expected, std::string& buffer) {
    Segment* const segment = find(place.segment);
    if (segment == nullptr) co_return std::unexpected{Error::damaged};
    segment->usage.pins += 1;
    auto record = co_await segment->read(place.offset, expected, buffer);
    segment->usage.pins -= 1;
    co_return record;
}

void Log::lives(std::uint32_t segment, std::uint32_t bytes) {
    Segment* const found = find(segment);
    assert(found != nullptr);
    found->usage.messages += 1;
    found->usage.bytes += bytes;
    live_bytes_ += bytes;
}

void Log::dies(std::uint32_t segment, std::uint32_t bytes) {
    Segment* const found = find(segment);
    assert(found != nullptr);
    assert(found->usage.messages > 0);
    found->usage.messages -= 1;
    found->usage.bytes -= bytes;
    live_bytes_ -= bytes;
}

void Log::pin(std::uint32_t segment) {
    Segment* const found = find(segment);
    assert(found != nullptr);
    found->usage.pins += 1;
}

void Log::unpin(std::uint32_t segment) {
    Segment* const found = find(segment);
    assert(found != nullptr);
    assert(found->usage.pins > 0);
    found->usage.pins -= 1;
}

} // namespace postern::spool
