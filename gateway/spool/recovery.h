#pragma once

#include "gateway/spool/index.h"
#include "gateway/spool/log.h"
#include "gateway/spool/message.h"

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace postern::spool {

// The core's number is in the lower bits of a message's id, and of a shard's number: a core has one
// shard for mail that arrived, and one for reports.
inline constexpr unsigned core_bits = 10;
[[nodiscard]] constexpr std::uint32_t core_of(std::uint32_t shard) {
    return shard & ((1U << core_bits) - 1);
}
[[nodiscard]] constexpr std::uint32_t reports_shard(unsigned core) {
    return 1U << core_bits | core;
}

// A shard as recovery left it.
struct RecoveredShard {
    std::uint32_t number = 0;
    std::vector<RecoveredSegment> segments{}; // rising numbers
    std::vector<Entry> messages{};            // that wait
    MessageId last_id = 0;                    // the highest ever seen
};

// Something that was not as it was written. `quarantine` is the file that has the bytes.
struct Damage {
    enum class Kind : std::uint8_t {
        header,  // of a segment; what is behind it was read all the same
        record,  // bytes that are no record, with records behind them
        tail,    // bytes that are no record at the end of a segment: cut off
        message, // a message that refers to what is not there; it is not queued
        segment, // a file of which nothing can be read
    };
    Kind kind = Kind::record;
    std::string file;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    MessageId id = 0; // where it is known
    std::string quarantine;
};
[[nodiscard]] std::string_view text(Damage::Kind kind);

struct Recovery {
    std::vector<std::vector<RecoveredShard>> cores; // what each core takes, its own shard first
    std::vector<Damage> damages;                    // each is to be logged
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0; // read
};

// Reads every shard below `directory` (state_directory/spool; made if it is not there), whatever
// the number of cores was, cuts what was never committed, puts what is damaged into
// `directory`/quarantine and out of the logs, and shares the shards among `cores`. Blocks: for the
// start, off the loops, and while nobody else uses the directory. An error is a sentence for the
// operator; nothing was changed that a second try would miss.
[[nodiscard]] std::expected<Recovery, std::string> recover(const std::string& directory,
                                                           unsigned cores);

} // namespace postern::spool
