#include "gateway/spool/record.h"

#include <catch2/catch.hpp>

#include <string>

namespace postern::spool {
namespace {

constexpr Mark mark = 0x1122334455667789U;

std::string record_of(std::string_view payload, std::uint32_t offset = 64) {
    std::string out;
    append_record(out, {.mark = mark, .offset = offset, .type = RecordType::outcome}, payload);
    return out;
}

TEST_CASE("a record is read as it was written, whatever its padding", "[spool]") {
    for (std::size_t size = 0; size < 20; ++size) {
        const std::string payload(size, 'p');
        const std::string bytes = record_of(payload);
        CHECK(bytes.size() == record_bytes(size));
        CHECK(bytes.size() % 8 == 0);
        const std::string log = bytes + "what follows";
        const auto record = read_record(log, mark, 64);
        REQUIRE(record);
        CHECK(record->type == RecordType::outcome);
        CHECK(record->payload == payload);
        CHECK(record->bytes == bytes.size());
    }
}

TEST_CASE("the payload may come in two parts", "[spool]") {
    std::string out = "x";
    append_record(out, {.mark = mark, .offset = 64, .type = RecordType::outcome}, "ab", "cd");
    CHECK(out == "x" + record_of("abcd"));
}

TEST_CASE("a flipped bit anywhere in a record is found", "[spool]") {
    const std::string good = record_of("some payload!");
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        std::string bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        CHECK_FALSE(read_record(bad, mark, 64));
    }
}

TEST_CASE("a record that is cut anywhere is no record", "[spool]") {
    const std::string whole = record_of("payload");
    for (std::size_t size = 1; size < whole.size(); ++size) {
        CHECK(read_record(whole.substr(0, size), mark, 64).error() == RecordError::cut);
    }
    CHECK(read_record("", mark, 64).error() == RecordError::nothing);
    CHECK(read_record(std::string(100, '\0'), mark, 64).error() == RecordError::nothing);
}

TEST_CASE("a record counts at its own place in its own segment only", "[spool]") {
    const std::string bytes = record_of("payload");
    CHECK(read_record(bytes, mark, 72).error() == RecordError::damaged);
    CHECK(read_record(bytes, mark + 1, 64).error() == RecordError::damaged);
}

TEST_CASE("a record of an unknown type is none", "[spool]") {
    for (const int type : {0, 7}) {
        std::string out;
        append_record(out, {.mark = mark, .offset = 64, .type = static_cast<RecordType>(type)}, "");
        CHECK(read_record(out, mark, 64).error() == RecordError::damaged);
    }
}

TEST_CASE("a header says how long its record is, up to the bound", "[spool]") {
    const std::string bytes = record_of("payload");
    CHECK(announced_bytes(bytes.substr(0, record_header_bytes), mark) == bytes.size());
    CHECK(announced_bytes(bytes.substr(0, record_header_bytes - 1), mark) == 0);
    CHECK(announced_bytes(bytes, mark + 1) == 0);
    std::string big = bytes;
    big.replace(12, 4, std::string("\x00\x00\x00\x01", 4)); // 16 MiB, little-endian
    CHECK(announced_bytes(big, mark) == record_bytes(record_payload_bytes_max));
    big[12] = 1;
    CHECK(announced_bytes(big, mark) == 0);
}

TEST_CASE("a segment's header is read as it was written, and a flipped bit is found", "[spool]") {
    const SegmentHeader header{.shard = 3, .number = 9, .mark = mark};
    const std::string good = encode(header);
    CHECK(good.size() == segment_header_bytes);
    CHECK(decode_segment_header(good) == header);
    CHECK_FALSE(decode_segment_header(good.substr(0, 63)));
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        std::string bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        CHECK_FALSE(decode_segment_header(bad));
    }
}

} // namespace
} // namespace postern::spool
