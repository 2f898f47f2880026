// A segment with any bytes in it is read within its bounds, every byte of it is accounted for, and
// what a payload says is what it would be written as.
#include "gateway/spool/payload.h"
#include "gateway/spool/scan.h"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spool = postern::spool;

namespace {

constexpr spool::SegmentHeader header{.shard = 1, .number = 2, .mark = 0x6b72616d6b72616dU};

void check_outcome(const spool::Outcome& outcome, std::string_view payload) {
    // Written from a message in which the changes stand at their numbers.
    spool::Message message{.id = outcome.id};
    std::vector<std::uint32_t> numbers;
    for (const auto& change : outcome.changes) {
        constexpr std::uint32_t recipients_max = 1000;
        if (change.number >= recipients_max) return;
        if (change.number >= message.recipients.size()) {
            message.recipients.resize(change.number + 1, {.state = spool::State::held});
        }
        if (message.recipients[change.number].state != spool::State::held) return; // twice
        message.recipients[change.number] = change.recipient;
        numbers.push_back(change.number);
    }
    message.outcomes = outcome.depth;
    if (due(message) != outcome.due) return;
    if (outcome.previous.segment == 0 && outcome.depth != 0) return;
    assert(spool::encode_outcome(message, numbers, outcome.previous) == payload);
}

void check_payload(spool::RecordType type, std::string_view payload) {
    if (type == spool::RecordType::message) {
        const auto message = spool::decode_message(payload);
        if (message) assert(spool::encode_message(*message) == payload);
    }
    if (type == spool::RecordType::outcome) {
        const auto outcome = spool::decode_outcome(payload);
        if (outcome) check_outcome(*outcome, payload);
    }
    if (type == spool::RecordType::done) {
        const auto id = spool::decode_done(payload);
        if (id) assert(spool::encode_done(*id) == payload);
    }
    if (type == spool::RecordType::content) {
        const auto content = spool::decode_content(payload);
        if (content) assert(content->bytes.size() + sizeof(content->id) == payload.size());
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 65536) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    // A checksum is hard to guess: the first byte says whether the rest is a segment as it is, or
    // one payload of that type.
    const auto type = static_cast<spool::RecordType>(data[0] % 7);
    std::string segment{bytes};
    if (data[0] % 7 != 0) {
        check_payload(type, bytes);
        segment = encode(header);
        const spool::Frame frame{
            .mark = header.mark, .offset = spool::segment_header_bytes, .type = type};
        append_record(segment, frame, bytes);
    }
    std::size_t at = spool::segment_header_bytes;
    const auto scan = spool::scan(segment, header, [&](std::uint32_t offset, const auto& record) {
        assert(offset == at); // nothing is passed over
        at += record.bytes;
        assert(at <= segment.size());
        check_payload(record.type, record.payload);
    });
    if (scan.header == spool::Scan::Header::unknown ||
        scan.header == spool::Scan::Header::unwritten)
        return 0;
    assert(at == scan.end);
    const std::size_t end = scan.tail.bytes == 0 ? at : scan.tail.offset + scan.tail.bytes;
    assert(segment.find_first_not_of('\0', end) == std::string::npos);
    if (data[0] % 7 != 0) assert(at == segment.size());
    return 0;
}
