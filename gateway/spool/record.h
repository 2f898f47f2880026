#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

// The frame around everything in a segment, and the segment's header; FORMAT.md has the bytes.
namespace postern::spool {

enum class RecordType : std::uint8_t {
    content = 1, // a piece of a message's content
    message = 2, // a message: envelope, state, places of its pieces
    outcome = 3, // a change of its recipients' state
    done = 4,    // forget it
    end = 5,     // the segment is complete
    lost = 6,    // here was damage, which is in quarantine
};

// Drawn for each segment and in front of each of its records: mail cannot imitate a record, since
// whoever writes mail does not know it.
using Mark = std::uint64_t;

inline constexpr std::size_t segment_header_bytes = 64;
inline constexpr std::size_t record_header_bytes = 24;
inline constexpr std::size_t record_payload_bytes_max = 16U << 20U;

struct SegmentHeader {
    std::uint32_t shard = 0;
    std::uint32_t number = 0;
    Mark mark = 0;

    bool operator==(const SegmentHeader&) const = default;
};

[[nodiscard]] std::string encode(const SegmentHeader& header);
// Nothing: not a header of this version, or a damaged one.
[[nodiscard]] std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);

// What a payload of this size takes with its header and padding.
[[nodiscard]] constexpr std::size_t record_bytes(std::size_t payload) {
    return (record_header_bytes + payload + 7) / 8 * 8;
}

// Appends a record with the payload `head` + `rest`; `offset` is where it will stand in its
// segment.
struct Frame {
    Mark mark = 0;
    std::uint32_t offset = 0;
    RecordType type = RecordType::content;
};
void append_record(std::string& out,
                   const Frame& frame,
                   std::string_view head,
                   std::string_view rest = {});

struct Record {
    RecordType type = RecordType::content;
    std::string_view payload;
    std::size_t bytes = 0; // with header and padding
};

enum class RecordError : std::uint8_t {
    nothing, // the header is zero: nothing was written here
    cut,     // `bytes` end before the record does
    damaged,
};

// Reads the record that `bytes` begin with, which stand at `offset` of a segment with this mark.
[[nodiscard]] std::expected<Record, RecordError>
read_record(std::string_view bytes, Mark mark, std::uint32_t offset);

// How many bytes of the record that begins here have to be there to read it, as its header says; 0:
// the header itself is not here or damaged.
[[nodiscard]] std::size_t announced_bytes(std::string_view header, Mark mark);

} // namespace postern::spool
