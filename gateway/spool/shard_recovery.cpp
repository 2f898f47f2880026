#include "gateway/spool/shard_recovery.h"

#include "gateway/spool/record.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace postern::spool {
namespace {

constexpr std::uint64_t segment_bytes_max = 1U << 30U;

// Of NNNNNN.seg; nothing for other names.
std::optional<std::uint32_t> segment_number(const std::string& name) {
    std::uint32_t number = 0;
    const char* const end = name.data() + name.size();
    const auto read = std::from_chars(name.data(), end, number);
    if (read.ec != std::errc{} || number == 0 || segment_name(number) != name) return std::nullopt;
    return number;
}

// Records that say of this area that it is lost.
std::string lost_records(const Area& area, Mark mark) {
    std::string out;
    out.reserve(area.bytes);
    while (out.size() < area.bytes) {
        const std::size_t left = area.bytes - out.size();
        // What would be too short for a record is not left over.
        std::size_t bytes =
            std::min(left, record_bytes(record_payload_bytes_max) - record_header_bytes);
        if (left - bytes > 0 && left - bytes < record_header_bytes) bytes -= record_header_bytes;
        const std::string zeros(bytes - record_header_bytes, '\0');
        append_record(out,
                      {.mark = mark,
                       .offset = area.offset + static_cast<std::uint32_t>(out.size()),
                       .type = RecordType::lost},
                      zeros);
    }
    return out;
}

} // namespace

std::string ShardRecovery::path_of(std::uint32_t segment) const {
    return directory_ + "/" + segment_name(segment);
}

std::expected<RecoveredShard, std::string> ShardRecovery::run() {
    const auto names = names_in(directory_);
    if (!names) return std::unexpected{names.error()};
    std::vector<std::uint32_t> numbers;
    for (const std::string& name : *names) {
        if (const auto number = segment_number(name)) numbers.push_back(*number);
    }
    std::ranges::sort(numbers);
    for (const std::uint32_t number : numbers) {
        if (const auto read = read_segment(number); !read) return std::unexpected{read.error()};
    }
    if (const auto settled = settle_rests(); !settled) return std::unexpected{settled.error()};
    if (const auto set = set_incomplete_aside(); !set) return std::unexpected{set.error()};
    if (const auto synced = sync_directory(directory_); !synced) {
        return std::unexpected{synced.error()};
    }

    RecoveredShard shard{.number = number_, .last_id = last_id_};
    for (const Segment& segment : segments_) {
        shard.segments.push_back(segment.recovered);
    }
    shard.messages = live_.some(0, live_.size());
    return shard;
}

DiskResult ShardRecovery::read_segment(std::uint32_t number) {
    const std::string path = path_of(number);
    const auto bytes = read_file(path, segment_bytes_max);
    if (!bytes) return std::unexpected{bytes.error()};
    bytes_read_ += bytes->size();

    const SegmentHeader expected{.shard = number_, .number = number};
    segments_.push_back({.recovered = {.header = expected}, .damaged = {}, .ended = false});
    const Scan found = scan(*bytes, expected, [&](std::uint32_t offset, const Record& record) {
        take({.segment = number, .offset = offset}, record);
    });
    if (found.header == Scan::Header::unwritten) {
        segments_.pop_back();
        return remove_file(path);
    }
    if (found.header == Scan::Header::unknown) {
        segments_.pop_back();
        const auto kept = keep(Damage::Kind::segment, {.segment = number}, *bytes);
        return kept ? remove_file(path) : kept;
    }
    Segment& segment = segments_.back();
    segment.recovered.header.mark = found.mark;
    segment.recovered.bytes = found.end;
    // Behind damage or a torn write nothing goes on: who reads it next shall find it as it is.
    const bool is_whole = found.header == Scan::Header::good && found.damaged.empty() &&
                          found.tail.bytes == 0 && segment.damaged.empty() && !segment.ended;
    if (is_whole && rest_ == Rest::kept) {
        segment.recovered.capacity = static_cast<std::uint32_t>(bytes->size());
    }
    return mend(path, *bytes, found);
}

// The last segment goes on where its records end, and one without any, which was made ahead, is
// there for the time when it is full. Of all others the rest is cut off.
DiskResult ShardRecovery::settle_rests() {
    const auto is_empty = [](const Segment& segment) {
        return segment.recovered.bytes == segment_header_bytes;
    };
    std::size_t goes_on = 1;
    if (!segments_.empty() && is_empty(segments_.back())) ++goes_on;
    DiskResult done;
    for (std::size_t at = 0; done && at < segments_.size(); ++at) {
        RecoveredSegment& recovered = segments_[at].recovered;
        const bool has_rest = recovered.capacity > recovered.bytes;
        const std::string path = path_of(recovered.header.number);
        if (has_rest && at + goes_on >= segments_.size()) {
            done = sync_file(path); // what was read of it counts from now on
            continue;
        }
        if (is_empty(segments_[at])) {
            done = remove_file(path);
        } else if (has_rest) {
            done = cut(path, recovered.bytes);
        }
        recovered.capacity = 0;
    }
    std::erase_if(segments_, [&](const Segment& segment) {
        return is_empty(segment) && segment.recovered.capacity == 0;
    });
    return done;
}

DiskResult ShardRecovery::mend(const std::string& path, std::string_view bytes, const Scan& scan) {
    const std::uint32_t number = segments_.back().recovered.header.number;
    DiskResult done;
    const auto keep_area = [&](Damage::Kind kind, const Area& area) {
        done = keep(kind,
                    {.segment = number, .offset = area.offset},
                    bytes.substr(area.offset, area.bytes));
    };
    for (const Area& area : scan.damaged) {
        if (done) keep_area(Damage::Kind::record, area);
        if (done) done = overwrite(path, area.offset, lost_records(area, scan.mark));
    }
    if (done && scan.header == Scan::Header::damaged) {
        keep_area(Damage::Kind::header, {.offset = 0, .bytes = segment_header_bytes});
        if (done) done = overwrite(path, 0, encode(segments_.back().recovered.header));
    }
    if (done && scan.tail.bytes > 0) keep_area(Damage::Kind::tail, scan.tail);
    const bool is_whole = segments_.back().recovered.capacity > 0;
    if (done && bytes.size() > scan.end && !is_whole) done = cut(path, scan.end);
    return done;
}

void ShardRecovery::take(Place place, const Record& record) {
    switch (record.type) {
    case RecordType::message: take_message(place, record); return;
    case RecordType::outcome: take_outcome(place, record); return;
    case RecordType::done: take_done(place, record); return;
    case RecordType::lost:
        segments_.back().damaged.push_back(
            {.offset = place.offset, .bytes = static_cast<std::uint32_t>(record.bytes)});
        return;
    case RecordType::end: segments_.back().ended = true; return;
    case RecordType::content: return;
    }
}

void ShardRecovery::take_done(Place place, const Record& record) {
    const auto id = decode_done(record.payload);
    if (!id) {
        note_unreadable(place, record);
        return;
    }
    live_.remove(*id);
    incomplete_.erase(*id);
}

void ShardRecovery::note_unreadable(Place place, const Record& record) {
    unreadable_.push_back(
        {.id = 0, .place = place, .bytes = static_cast<std::uint32_t>(record.bytes)});
}

void ShardRecovery::take_message(Place place, const Record& record) {
    const auto message = decode_message(record.payload);
    const auto record_size = static_cast<std::uint32_t>(record.bytes);
    if (!message) {
        note_unreadable(place, record);
        return;
    }
    last_id_ = std::max(last_id_, message->id);
    Entry entry{.id = message->id, .record = place, .first_segment = place.segment};
    std::uint64_t bytes = record.bytes;
    for (const Piece& piece : message->content) {
        if (piece.place >= place || !is_there(piece)) {
            // Perhaps a later copy is complete, or it is done.
            incomplete_.emplace(
                message->id, Incomplete{.id = message->id, .place = place, .bytes = record_size});
            return;
        }
        entry.first_segment = std::min(entry.first_segment, piece.place.segment);
        bytes += record_bytes(sizeof(MessageId) + piece.bytes);
    }
    constexpr std::uint64_t bytes_max = std::numeric_limits<std::uint32_t>::max();
    entry.bytes = static_cast<std::uint32_t>(std::min(bytes, bytes_max));
    entry.set_due(due(*message));
    if (Entry* const earlier = live_.find(message->id)) {
        *earlier = entry;
    } else {
        live_.add(entry);
    }
}

void ShardRecovery::take_outcome(Place place, const Record& record) {
    const auto outcome = decode_outcome(record.payload);
    if (!outcome) {
        note_unreadable(place, record);
        return;
    }
    Entry* const found = live_.find(outcome->id);
    if (found == nullptr) return; // done, or moved and done
    found->outcome = place;
    found->set_due(outcome->due);
}

const ShardRecovery::Segment* ShardRecovery::find(std::uint32_t number) const {
    const auto found = std::ranges::lower_bound(segments_, number, {}, [](const Segment& segment) {
        return segment.recovered.header.number;
    });
    if (found == segments_.end() || found->recovered.header.number != number) return nullptr;
    return &*found;
}

bool ShardRecovery::is_there(const Piece& piece) const {
    const Segment* const segment = find(piece.place.segment);
    if (segment == nullptr) return false;
    const std::uint64_t begin = piece.place.offset;
    const std::uint64_t end = begin + record_bytes(sizeof(MessageId) + piece.bytes);
    const bool is_last = segment == &segments_.back();
    if (!is_last && end > segment->recovered.bytes) return false;
    return std::ranges::none_of(segment->damaged, [&](const Area& area) {
        return begin < std::uint64_t{area.offset} + area.bytes && area.offset < end;
    });
}

DiskResult ShardRecovery::set_incomplete_aside() {
    std::vector<Incomplete> all = std::move(unreadable_);
    for (const auto& [id, one] : incomplete_) {
        if (live_.find(id) == nullptr) all.push_back(one);
    }
    // Many are in one file, which is read once.
    std::ranges::sort(all, {}, &Incomplete::place);
    std::expected<std::string, std::string> bytes;
    std::uint32_t number = 0;
    for (const Incomplete& one : all) {
        const std::string path = path_of(one.place.segment);
        if (std::exchange(number, one.place.segment) != one.place.segment) {
            bytes = read_file(path, segment_bytes_max);
        }
        if (!bytes) return std::unexpected{bytes.error()};
        const auto kept = keep(Damage::Kind::message,
                               one.place,
                               std::string_view{*bytes}.substr(one.place.offset, one.bytes),
                               one.id);
        if (!kept) return kept;
        const Segment* const segment = find(one.place.segment);
        const Area area{.offset = one.place.offset, .bytes = one.bytes};
        const auto marked =
            overwrite(path, area.offset, lost_records(area, segment->recovered.header.mark));
        if (!marked) return marked;
    }
    return {};
}

DiskResult
ShardRecovery::keep(Damage::Kind kind, Place place, std::string_view bytes, MessageId id) {
    // SHARD-NNNNNN.seg-OFFSET.KIND
    const std::string file = quarantine_ + "/" + std::to_string(number_) + "-" +
                             segment_name(place.segment) + "-" + std::to_string(place.offset) +
                             "." + std::string{text(kind)};
    const auto written = write_file(file, bytes);
    if (!written) return written;
    damages_.push_back({.kind = kind,
                        .file = path_of(place.segment),
                        .offset = place.offset,
                        .bytes = bytes.size(),
                        .id = id,
                        .quarantine = file});
    return sync_directory(quarantine_);
}

} // namespace postern::spool
