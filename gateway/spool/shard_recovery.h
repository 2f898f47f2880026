#pragma once

#include "gateway/spool/disk.h"
#include "gateway/spool/payload.h"
#include "gateway/spool/recovery.h"
#include "gateway/spool/scan.h"
#include "gateway/spool/sorted.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace postern::spool {

// Reads one shard, segment by segment in their order, and keeps what lives. Used once, by
// recover().
class ShardRecovery {
public:
    // Space behind the last records, and a segment of nothing else: for the core that it belongs
    // to.
    enum class Rest : std::uint8_t { cut, kept };
    ShardRecovery(std::string root, std::uint32_t number, Rest rest)
        : root_(std::move(root))
        , directory_(root_ + "/" + std::to_string(number))
        , quarantine_(root_ + "/quarantine")
        , number_(number)
        , rest_(rest) {}

    [[nodiscard]] std::expected<RecoveredShard, std::string> run();
    [[nodiscard]] const std::vector<Damage>& damages() const { return damages_; }
    [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

private:
    struct Segment {
        RecoveredSegment recovered;
        std::vector<Area> damaged; // in order
        bool ended = false;        // with the record that says so
    };
    // A message that refers to bytes that are not there (any more).
    struct Incomplete {
        MessageId id = 0;
        Place place;
        std::uint32_t bytes = 0; // of its record
    };

    [[nodiscard]] DiskResult read_segment(std::uint32_t number);
    void take(Place place, const Record& record);
    void take_message(Place place, const Record& record);
    void take_outcome(Place place, const Record& record);
    void take_done(Place place, const Record& record);
    void note_unreadable(Place place, const Record& record);
    [[nodiscard]] const Segment* find(std::uint32_t number) const;
    [[nodiscard]] bool is_there(const Piece& piece) const;
    [[nodiscard]] DiskResult
    mend(const std::string& path, std::string_view bytes, const Scan& scan);
    [[nodiscard]] DiskResult settle_rests();
    [[nodiscard]] DiskResult set_incomplete_aside();
    // Copies the bytes into the quarantine and notes the damage.
    [[nodiscard]] DiskResult
    keep(Damage::Kind kind, Place place, std::string_view bytes, MessageId id = 0);
    [[nodiscard]] std::string path_of(std::uint32_t segment) const;

    std::string root_;
    std::string directory_;
    std::string quarantine_;
    std::uint32_t number_;
    Rest rest_;
    std::vector<Segment> segments_; // the last one is being read
    Sorted<Entry, &Entry::id> live_;
    std::unordered_multimap<MessageId, Incomplete> incomplete_;
    std::vector<Incomplete> unreadable_; // good records whose payload makes no sense
    std::vector<Damage> damages_;
    MessageId last_id_ = 0;
    std::uint64_t bytes_read_ = 0;
};

} // namespace postern::spool
