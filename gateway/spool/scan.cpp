#include "gateway/spool/scan.h"

#include "gateway/spool/bytes.h"

#include <algorithm>
#include <cassert>

namespace postern::spool {
namespace {

Scan read_header(std::string_view segment, const SegmentHeader& expected) {
    const auto header = decode_segment_header(segment);
    if (header) {
        const bool fits = header->shard == expected.shard && header->number == expected.number;
        return {.header = fits ? Scan::Header::good : Scan::Header::damaged, .mark = header->mark};
    }
    if (segment.find_first_not_of('\0') == std::string_view::npos) {
        return {.header = Scan::Header::unwritten};
    }
    // The first record has the mark as well.
    if (segment.size() >= segment_header_bytes + record_header_bytes) {
        const Mark mark = get<Mark>(segment, segment_header_bytes);
        const auto first =
            read_record(segment.substr(segment_header_bytes), mark, segment_header_bytes);
        if (first) return {.header = Scan::Header::damaged, .mark = mark};
    }
    return {.header = Scan::Header::unknown};
}

// Where the next record begins at or behind `from`, a multiple of 8; npos: nowhere.
std::size_t next_record(std::string_view segment, Mark mark, std::size_t from) {
    for (; from + record_header_bytes <= segment.size(); from += 8) {
        if (get<Mark>(segment, from) != mark) continue;
        if (read_record(segment.substr(from), mark, static_cast<std::uint32_t>(from))) return from;
    }
    return std::string_view::npos;
}

Area tail_of(std::string_view segment, std::size_t end) {
    const std::size_t last = segment.find_last_not_of('\0');
    if (last == std::string_view::npos || last < end) return {};
    return {.offset = static_cast<std::uint32_t>(end),
            .bytes = static_cast<std::uint32_t>(last + 1 - end)};
}

} // namespace

Scan scan(std::string_view segment,
          const SegmentHeader& expected,
          const std::function<void(std::uint32_t offset, const Record&)>& visit) {
    assert(segment.size() <= UINT32_MAX);
    Scan scan = read_header(segment, expected);
    if (scan.header == Scan::Header::unknown || scan.header == Scan::Header::unwritten) return scan;
    std::size_t at = segment_header_bytes;
    while (at < segment.size()) {
        const auto offset = static_cast<std::uint32_t>(at);
        const auto record = read_record(segment.substr(at), scan.mark, offset);
        if (record) {
            visit(offset, *record);
            at += record->bytes;
            continue;
        }
        const std::size_t next = next_record(segment, scan.mark, at + record_header_bytes);
        if (next == std::string_view::npos) break;
        scan.damaged.push_back({.offset = offset, .bytes = static_cast<std::uint32_t>(next - at)});
        visit(offset, {.type = RecordType::lost, .payload = {}, .bytes = next - at});
        at = next;
    }
    scan.end = static_cast<std::uint32_t>(at);
    scan.tail = tail_of(segment, at);
    return scan;
}

} // namespace postern::spool
