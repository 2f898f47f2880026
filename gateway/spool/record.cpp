#include "gateway/spool/record.h"

#include "gateway/spool/bytes.h"
#include "gateway/spool/crc32c.h"

#include <algorithm>
#include <cassert>

namespace postern::spool {
namespace {

// Of a record.
constexpr std::size_t checksum_at = 8;
constexpr std::size_t checked_from = 12;
constexpr std::size_t offset_at = 16;
constexpr std::size_t type_at = 20;

// Of a segment. The version is the last byte of the magic.
constexpr std::string_view magic{"PSTSPL\0\1", 8};
constexpr std::size_t header_checksum_at = 60;

// Of all of the record but the checksum.
std::uint32_t checksum_of(std::string_view record) {
    return crc32c(record.substr(checked_from), crc32c(record.substr(0, checksum_at)));
}

} // namespace

std::string encode(const SegmentHeader& header) {
    std::string out{magic};
    put(out, header.shard);
    put(out, header.number);
    put(out, header.mark);
    out.resize(header_checksum_at);
    put(out, crc32c(out));
    assert(out.size() == segment_header_bytes);
    return out;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
    if (bytes.size() < segment_header_bytes || !bytes.starts_with(magic)) {
        return std::nullopt;
    }
    if (get<std::uint32_t>(bytes, header_checksum_at) !=
        crc32c(bytes.substr(0, header_checksum_at))) {
        return std::nullopt;
    }
    return SegmentHeader{.shard = get<std::uint32_t>(bytes, 8),
                         .number = get<std::uint32_t>(bytes, 12),
                         .mark = get<std::uint64_t>(bytes, 16)};
}

void append_record(std::string& out,
                   const Frame& frame,
                   std::string_view head,
                   std::string_view rest) {
    const std::size_t payload = head.size() + rest.size();
    assert(payload <= record_payload_bytes_max);
    const std::size_t begin = out.size();
    put(out, frame.mark);
    put(out, std::uint32_t{0});
    put(out, static_cast<std::uint32_t>(payload));
    put(out, frame.offset);
    put(out, static_cast<std::uint32_t>(frame.type));
    out += head;
    out += rest;
    out.resize(begin + record_bytes(payload));
    const std::uint32_t checksum = checksum_of(std::string_view{out}.substr(begin));
    std::memcpy(out.data() + begin + checksum_at, &checksum, sizeof checksum);
}

std::size_t announced_bytes(std::string_view header, Mark mark) {
    if (header.size() < record_header_bytes || get<Mark>(header, 0) != mark) return 0;
    const auto payload = get<std::uint32_t>(header, checked_from);
    return payload > record_payload_bytes_max ? 0 : record_bytes(payload);
}

std::expected<Record, RecordError>
read_record(std::string_view bytes, Mark mark, std::uint32_t offset) {
    const std::string_view header = bytes.substr(0, record_header_bytes);
    const bool zero = std::ranges::all_of(header, [](char byte) { return byte == 0; });
    if (zero) return std::unexpected{RecordError::nothing};
    if (header.size() < record_header_bytes) return std::unexpected{RecordError::cut};
    const std::size_t whole = announced_bytes(header, mark);
    if (whole == 0) return std::unexpected{RecordError::damaged};
    if (bytes.size() < whole) return std::unexpected{RecordError::cut};
    const std::string_view record = bytes.substr(0, whole);
    const auto type = get<std::uint32_t>(record, type_at);
    if (get<std::uint32_t>(record, offset_at) != offset ||
        type < static_cast<std::uint32_t>(RecordType::content) ||
        type > static_cast<std::uint32_t>(RecordType::lost) ||
        checksum_of(record) != get<std::uint32_t>(record, checksum_at)) {
        return std::unexpected{RecordError::damaged};
    }
    return Record{.type = static_cast<RecordType>(type),
                  .payload =
                      record.substr(record_header_bytes, get<std::uint32_t>(record, checked_from)),
                  .bytes = whole};
}

} // namespace postern::spool
