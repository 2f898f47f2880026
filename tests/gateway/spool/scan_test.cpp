#include "gateway/spool/scan.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace postern::spool {
namespace {

constexpr SegmentHeader header{.shard = 1, .number = 2, .mark = 0x0123456789abcdefU};

std::string segment(const std::vector<std::string>& payloads) {
    std::string out = encode(header);
    for (const std::string& payload : payloads) {
        append_record(out,
                      {.mark = header.mark,
                       .offset = static_cast<std::uint32_t>(out.size()),
                       .type = RecordType::content},
                      payload);
    }
    return out;
}

struct Seen {
    Scan scan;
    std::vector<std::string> payloads; // "!" for damage
};

Seen seen(std::string_view bytes) {
    Seen seen;
    seen.scan = scan(bytes, header, [&](std::uint32_t, const Record& record) {
        seen.payloads.emplace_back(record.type == RecordType::lost ? "!" : record.payload);
    });
    return seen;
}

TEST_CASE("a segment ends behind its last record", "[spool]") {
    const std::string bytes = segment({"a", "b"});
    for (const std::size_t rest : {0U, 5U, 100U}) {
        const Seen all = seen(bytes + std::string(rest, '\0'));
        CHECK(all.scan.header == Scan::Header::good);
        CHECK(all.payloads == std::vector<std::string>{"a", "b"});
        CHECK(all.scan.end == bytes.size());
        CHECK(all.scan.damaged.empty());
        CHECK(all.scan.tail.bytes == 0);
    }
}

TEST_CASE("behind damage reading goes on at the next record", "[spool]") {
    std::string bytes = segment({"a", "b", "c"});
    bytes[segment_header_bytes + record_bytes(1) + 3] ^= 1;
    const Seen all = seen(bytes);
    CHECK(all.payloads == std::vector<std::string>{"a", "!", "c"});
    REQUIRE(all.scan.damaged.size() == 1);
    CHECK(all.scan.damaged[0].offset == segment_header_bytes + record_bytes(1));
    CHECK(all.scan.damaged[0].bytes == record_bytes(1));
}

TEST_CASE("a hole of zeros between records is damage", "[spool]") {
    std::string bytes = segment({"a", "b", "c"});
    bytes.replace(segment_header_bytes + record_bytes(1), record_bytes(1), record_bytes(1), '\0');
    CHECK(seen(bytes).payloads == std::vector<std::string>{"a", "!", "c"});
}

TEST_CASE("what is no record at the end is the tail, up to the last byte", "[spool]") {
    std::string bytes = segment({"a", "b"});
    bytes[bytes.size() - record_bytes(1)] ^= 1;
    const Seen all = seen(bytes + std::string(50, '\0'));
    CHECK(all.payloads == std::vector<std::string>{"a"});
    CHECK(all.scan.end == segment_header_bytes + record_bytes(1));
    CHECK(all.scan.tail.offset == all.scan.end);
    CHECK(all.scan.tail.bytes == record_header_bytes + 1);
}

TEST_CASE("without a header the first record tells the mark", "[spool]") {
    std::string bytes = segment({"a", "b"});
    bytes[3] ^= 1;
    CHECK(seen(bytes).scan.header == Scan::Header::damaged);
    CHECK(seen(bytes).scan.mark == header.mark);
    CHECK(seen(bytes).payloads.size() == 2);
    bytes[segment_header_bytes] ^= 1;
    CHECK(seen(bytes).scan.header == Scan::Header::unknown);
    CHECK(seen(bytes).payloads.empty());
    CHECK(seen("x").scan.header == Scan::Header::unknown);
}

TEST_CASE("a segment of another place has a damaged header", "[spool]") {
    const auto read = scan(segment({"a"}), {.shard = 1, .number = 3}, [](auto, const auto&) {});
    CHECK(read.header == Scan::Header::damaged);
}

TEST_CASE("zeros are a segment that was never begun", "[spool]") {
    CHECK(seen("").scan.header == Scan::Header::unwritten);
    CHECK(seen(std::string(5000, '\0')).scan.header == Scan::Header::unwritten);
}

} // namespace
} // namespace postern::spool
