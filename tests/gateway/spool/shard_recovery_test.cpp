#include "gateway/spool/shard_recovery.h"

#include <catch2/catch.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/gateway/spool/queue.h"

namespace postern::spool {
namespace {

constexpr Mark mark = 0x0123456789abcdefU;

// Segments written record by record, as no spool would.
struct Shard {
    Shard() {
        REQUIRE(make_directory(directory.path("0")));
        REQUIRE(make_directory(directory.path("quarantine")));
    }
    void begin(std::uint32_t number) {
        segment = number;
        bytes = encode(SegmentHeader{.shard = 0, .number = number, .mark = mark});
    }
    Place append(RecordType type, std::string_view payload) {
        const Place place{segment, static_cast<std::uint32_t>(bytes.size())};
        append_record(bytes, {.mark = mark, .offset = place.offset, .type = type}, payload);
        return place;
    }
    void end() const { directory.write("0/" + segment_name(segment), bytes); }

    gateway::test::Directory directory;
    std::uint32_t segment = 0;
    std::string bytes;
};

Message message(MessageId id, std::vector<Piece> content) {
    Message message{.id = id,
                    .arrival = test::noon,
                    .mail = test::mail_from("a@b"),
                    .recipients = {{.envelope = test::recipient("c@d"), .next = test::noon}},
                    .content_bytes = 0,
                    .content = std::move(content)};
    for (const Piece& piece : message.content) {
        message.content_bytes += piece.bytes;
    }
    return message;
}

TEST_CASE("the newest complete copy of a message counts", "[spool]") {
    Shard shard;
    shard.begin(3);
    const Place piece = shard.append(RecordType::content, content_head(5) + "abc");
    const Place old = shard.append(RecordType::message, encode_message(message(5, {{piece, 3}})));
    shard.end();
    const auto newer_is_complete = GENERATE(true, false);
    shard.begin(4);
    const Place copied = shard.append(RecordType::content, content_head(5) + "abc");
    const Place refers = newer_is_complete ? copied : Place{2, 64};
    const Place copy = shard.append(RecordType::message, encode_message(message(5, {{refers, 3}})));
    shard.end();

    ShardRecovery recovery{shard.directory.path(""), 0, ShardRecovery::Rest::kept};
    const auto recovered = recovery.run().value();
    CHECK(recovery.damages().empty());
    CHECK(recovered.last_id == 5);
    REQUIRE(recovered.messages.size() == 1);
    CHECK(recovered.messages[0].record == (newer_is_complete ? copy : old));
    CHECK(recovered.messages[0].first_segment == (newer_is_complete ? 4U : 3U));
    CHECK(recovered.messages[0].due_at() == test::noon);
    REQUIRE(recovered.segments.size() == 2);
    CHECK(recovered.segments[1].bytes == shard.bytes.size());
}

TEST_CASE("an old copy whose beginning was deleted is no damage, when a newer one or done follows",
          "[spool]") {
    Shard shard;
    shard.begin(4);
    shard.append(RecordType::message, encode_message(message(5, {{{3, 64}, 3}})));
    shard.append(RecordType::message, encode_message(message(6, {{{3, 128}, 3}})));
    const Place piece = shard.append(RecordType::content, content_head(5) + "abc");
    shard.append(RecordType::message, encode_message(message(5, {{piece, 3}})));
    shard.append(RecordType::done, encode_done(6));
    shard.end();
    ShardRecovery recovery{shard.directory.path(""), 0, ShardRecovery::Rest::kept};
    CHECK(recovery.run().value().messages.size() == 1);
    CHECK(recovery.damages().empty());
}

TEST_CASE("a good record with a payload that makes no sense is kept in quarantine, once",
          "[spool]") {
    const auto type = GENERATE(RecordType::message, RecordType::outcome, RecordType::done);
    Shard shard;
    shard.begin(1);
    const Place place = shard.append(type, "nonsense!");
    shard.append(RecordType::message, encode_message(message(6, {})));
    shard.end();
    for (const std::size_t damages : {1U, 0U}) {
        ShardRecovery recovery{shard.directory.path(""), 0, ShardRecovery::Rest::kept};
        CHECK(recovery.run().value().messages.size() == 1);
        REQUIRE(recovery.damages().size() == damages);
        if (damages == 0) break;
        CHECK(recovery.damages()[0].kind == Damage::Kind::message);
        CHECK(recovery.damages()[0].offset == place.offset);
        CHECK(recovery.damages()[0].bytes == record_bytes(9));
    }
}

TEST_CASE("damage that is longer than a record can be is taken out too", "[spool]") {
    Shard shard;
    shard.begin(1);
    shard.append(RecordType::content, content_head(5));
    const auto behind_first = shard.bytes.size();
    shard.bytes.append(record_bytes(record_payload_bytes_max) + 4096, 'x');
    shard.append(RecordType::message, encode_message(message(6, {})));
    shard.end();
    for (const std::size_t damages : {1U, 0U}) {
        ShardRecovery recovery{shard.directory.path(""), 0, ShardRecovery::Rest::kept};
        CHECK(recovery.run().value().messages.size() == 1);
        REQUIRE(recovery.damages().size() == damages);
        if (damages == 0) break;
        CHECK(recovery.damages()[0].offset == behind_first);
    }
}

TEST_CASE("a segment that was begun and never written is removed, other files are left alone",
          "[spool]") {
    Shard shard;
    shard.begin(1);
    shard.end();
    shard.directory.write("0/000002.seg", std::string(4096, '\0'));
    shard.directory.write("0/3.seg", "not a name of ours");
    ShardRecovery recovery{shard.directory.path(""), 0, ShardRecovery::Rest::kept};
    CHECK(recovery.run().value().segments.empty());
    CHECK(recovery.damages().empty());
    CHECK(names_in(shard.directory.path("0")).value() == std::vector<std::string>{"3.seg"});
}

} // namespace
} // namespace postern::spool
