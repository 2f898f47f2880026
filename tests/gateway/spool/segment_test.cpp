#include "gateway/spool/segment.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "tests/gateway/spool/queue.h"

namespace postern::spool {
namespace {

using test::awaited;
using test::Fault;

constexpr SegmentHeader header{.shard = 0, .number = 7, .mark = 0x0123456789abcdefU};
constexpr std::uint32_t capacity = 1U << 20U;

struct Place7 {
    gateway::test::Directory directory;
    io::test::Loop loop;
    std::string path = directory.path("7");

    std::expected<std::unique_ptr<Segment>, Error> create(io::FileFault* fault = nullptr) {
        return awaited(loop, Segment::create(loop.ring(), path, header, capacity, fault));
    }
};

std::string record(std::string_view payload, std::uint32_t offset) {
    std::string out;
    append_record(
        out, {.mark = header.mark, .offset = offset, .type = RecordType::content}, payload);
    return out;
}

TEST_CASE("a segment has its header and its space from the start", "[spool]") {
    Place7 place;
    const auto segment = place.create().value();
    CHECK(segment->number() == 7);
    CHECK(segment->written() == segment_header_bytes);
    CHECK(std::filesystem::file_size(place.path) == capacity);
    CHECK(place.create().error() == Error::failed); // there already
}

TEST_CASE("records are read back, also without a guess at their size", "[spool]") {
    Place7 place;
    const auto segment = place.create().value();
    const std::string payload = test::content(20'000);
    REQUIRE(awaited(place.loop, segment->write(record(payload, 64), Segment::Sync::no)));
    CHECK(segment->synced() == segment_header_bytes);
    REQUIRE(awaited(place.loop, segment->write({}, Segment::Sync::yes)));
    CHECK(segment->synced() == segment->written());
    const RecoveredSegment recovered{.header = header, .bytes = segment->written()};
    Segment again{place.loop.ring(), place.path, recovered, nullptr};
    std::string buffer;
    for (const std::size_t expected : {0UL, 100UL, payload.size(), 100'000UL}) {
        const auto read = awaited(place.loop, again.read(64, expected, buffer));
        REQUIRE(read);
        CHECK(read->payload == payload);
    }
    CHECK(awaited(place.loop, again.read(72, 100, buffer)).error() == Error::damaged);
    CHECK(awaited(place.loop, again.read(segment->written(), 1, buffer)).error() == Error::damaged);
}

TEST_CASE("after an error a segment is only read", "[spool]") {
    Place7 place;
    Fault fault{io::FileOperation::sync};
    const auto segment = place.create(&fault).value();
    REQUIRE(awaited(place.loop, segment->write(record("a", 64), Segment::Sync::yes)));
    fault.code = EIO;
    const auto at = segment->written();
    CHECK(awaited(place.loop, segment->write(record("b", at), Segment::Sync::yes)).error() ==
          Error::failed);
    CHECK(segment->failure() == Error::failed);
    CHECK(segment->synced() == at);
    std::string buffer;
    CHECK(awaited(place.loop, segment->read(64, 0, buffer)).value().payload == "a");
}

TEST_CASE("a segment for which there is no space leaves no file", "[spool]") {
    Place7 place;
    Fault fault{io::FileOperation::allocate};
    fault.code = ENOSPC;
    CHECK(place.create(&fault).error() == Error::full);
    CHECK_FALSE(std::filesystem::exists(place.path));
}

TEST_CASE("unused space is given back, and in the end all of it", "[spool]") {
    Place7 place;
    const auto segment = place.create().value();
    struct stat before{};
    struct stat after{};
    ::stat(place.path.c_str(), &before);
    place.loop.run(segment->release_rest());
    ::stat(place.path.c_str(), &after);
    CHECK(after.st_blocks < before.st_blocks);
    REQUIRE(awaited(place.loop, segment->remove()));
    CHECK_FALSE(std::filesystem::exists(place.path));
    CHECK(awaited(place.loop, segment->remove())); // gone is gone
}

} // namespace
} // namespace postern::spool
