#pragma once

#include "gateway/io/event.h"
#include "gateway/io/file.h"
#include "gateway/io/ring.h"
#include "gateway/io/task.h"
#include "gateway/io/task_group.h"
#include "gateway/spool/error.h"
#include "gateway/spool/message.h"
#include "gateway/spool/record.h"
#include "gateway/spool/segment.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::spool {

// What the logs of a core did so far.
struct LogCounters {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0; // of records, with their headers
    std::uint64_t writes = 0;
    std::uint64_t data_syncs = 0;
    std::uint64_t segments_made = 0;
    std::uint64_t segments_removed = 0;
    std::uint64_t messages_moved = 0; // by the compaction
    std::uint64_t failures = 0;       // writes, syncs and new segments that did not work
};

// What of a log's space a record may take; each may take all that those before it may. The reserve
// is a segment whose space is allocated before there is a need for it.
enum class Room : std::uint8_t {
    usual,   // what leaves the reserve whole: mail that arrives
    reserve, // the reserve, but for what the compaction needs: reports, what can be said again
    moving,  // what the compaction needs
    last,    // everything: what must not be forgotten
};

// NNNNNN.seg
[[nodiscard]] std::string segment_name(std::uint32_t number);

// The log of one shard: a row of segments, appended to at its end and deleted at its beginning
// only, so that no record that takes another back goes before it. One thread.
//
// Records collect in memory while the disk writes those before them; one write, and one fdatasync
// if anybody waits for it, takes all that have collected. Before an fdatasync those who wait let a
// few more come, see Urgency. After a failure the segment is left as it is and the next record
// begins a new one.
//
// The next segment is made ahead, and a full disk leaves it to what frees space. What the segment
// that is written keeps back when there is none behind it is enough to move what lives in a segment
// that is half dead, which then makes room for a new one.
class Log {
public:
    // Somebody waits for commit(). A client: until as many wait as are Coming, for a few
    // milliseconds at most; alone, not at all. Nobody: for the next one who is in a hurry, for many
    // like itself, or a while.
    enum class Urgency : std::uint8_t { client, nobody };

    // While it lives a client is on its way to a commit(), which it makes without it. Who is long
    // on his way is waited for no more.
    class Coming {
    public:
        explicit Coming(Log& log);
        Coming(Coming&& other) noexcept
            : log_(std::exchange(other.log_, nullptr)), period_(other.period_) {}
        Coming& operator=(Coming&&) = delete;
        Coming(const Coming&) = delete;
        Coming& operator=(const Coming&) = delete;
        ~Coming();

    private:
        Log* log_;
        std::uint64_t period_; // in which it began
    };
    // How many are on their way, and waited for.
    [[nodiscard]] std::size_t coming();

    struct Settings {
        std::string directory; // of the shard
        std::uint32_t shard = 0;
        std::uint32_t segment_bytes = 0;
        bool keeps_reserve = true; // whatever is written; else for mail that arrives only
        io::Duration patience{};   // of commits that nobody waits for
        io::Duration company{20};  // of clients, for others who began this long ago, or twice this
        io::FileFault* fault = nullptr;
    };
    Log(io::Ring& ring,
        Settings settings,
        const std::vector<RecoveredSegment>& segments,
        LogCounters& counters);
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    // stop() was awaited.
    ~Log();

    // Refuses what is new, ends what is not.
    [[nodiscard]] io::Task<void> stop();

    // Appends a record with the payload `head` + `rest` and says where it will be; waits only while
    // the disk is behind or a new segment is made.
    [[nodiscard]] io::Task<std::expected<Place, Error>>
    append(Room room, RecordType type, std::string_view head, std::string_view rest = {});
    // Waits until the record at `place`, and all before it, are on the disk.
    [[nodiscard]] io::Task<std::expected<void, Error>> commit(Place place,
                                                              Urgency urgency = Urgency::client);
    // Those whose commits nobody waits for are not many, and all here: none waits for another.
    void hurry();
    // It was appended and will never be on the disk.
    [[nodiscard]] bool lost(Place place) const;

    // The record at `place`, whose payload is in `buffer`; see Segment::read().
    [[nodiscard]] io::Task<std::expected<Record, Error>>
    read(Place place, std::size_t expected, std::string& buffer);

    // A message whose first part is in `segment` is live from now on, or no more.
    void lives(std::uint32_t segment, std::uint32_t bytes);
    void dies(std::uint32_t segment, std::uint32_t bytes);
    // While pinned, a segment and all behind it stay.
    void pin(std::uint32_t segment);
    void unpin(std::uint32_t segment);

    [[nodiscard]] bool has_reserve() const { return spare_ != nullptr; }
    // Makes it, if it can be made.
    [[nodiscard]] io::Task<std::expected<void, Error>> make_reserve();

    // Deletes the segment that is written, if it is all there is and nothing lives in it. True: it
    // is gone.
    [[nodiscard]] io::Task<bool> give_space_back();

    // No live message begins in it, and nobody has pinned it.
    [[nodiscard]] bool idle(std::uint32_t segment) const;

    // The oldest segment, if it should go: it has no live message, or is mostly dead, or the log as
    // a whole is.
    [[nodiscard]] std::optional<std::uint32_t> worn_out() const;
    // Deletes the oldest segment, which has no live message and no pin.
    [[nodiscard]] io::Task<std::expected<void, Error>> remove_oldest();
    [[nodiscard]] std::size_t segments() const { return segments_.size(); }

    // The largest payload that fits.
    [[nodiscard]] std::size_t payload_bytes_max() const;

private:
    static constexpr std::size_t pending_bytes_max = 1U << 20U; // then who appends waits

    [[nodiscard]] Segment* find(std::uint32_t number) const;
    [[nodiscard]] bool fits(std::size_t bytes, Room room) const;
    [[nodiscard]] std::size_t kept_from(Room room) const;
    [[nodiscard]] io::Task<std::expected<void, Error>> make_room(std::size_t bytes, Room room);
    [[nodiscard]] io::Task<std::expected<void, Error>> roll(Room room);
    [[nodiscard]] io::Task<void> begin_spare();
    [[nodiscard]] io::Task<bool> give_active_up();
    [[nodiscard]] io::Task<std::expected<std::unique_ptr<Segment>, Error>> make_segment();
    [[nodiscard]] io::Task<std::expected<std::unique_ptr<Segment>, Error>> next_segment();
    [[nodiscard]] io::Task<std::expected<void, Error>> open_directory();
    [[nodiscard]] io::Task<void> seal();
    Place put(RecordType type, std::string_view head, std::string_view rest);
    void start_flush();
    [[nodiscard]] io::Task<void> flush();
    [[nodiscard]] io::Task<void> gather();
    [[nodiscard]] bool gathered();
    // Begins another one if this one is over.
    void turn_period();
    // What each segment keeps for what becomes of the messages that are here.
    [[nodiscard]] std::uint32_t state_bytes() const { return settings_.segment_bytes / 16; }

    io::Ring& ring_;
    Settings settings_;
    LogCounters& counters_;
    io::File directory_;
    std::deque<std::unique_ptr<Segment>> segments_; // rising numbers
    Segment* active_ = nullptr;                     // the last one, if it may be written
    std::unique_ptr<Segment> spare_;                // the one that will be active next
    std::uint32_t next_number_ = 1;
    std::uint64_t live_bytes_ = 0;   // of messages in all segments
    std::uint64_t closed_bytes_ = 0; // of the segments that are not active

    std::string pending_; // records behind what is written and being written
    std::string writing_;
    std::uint32_t appended_ = 0; // where the next record of the active segment will stand
    std::uint32_t wanted_ = 0;   // the last record of it that anybody waits for
    std::size_t clients_ = 0;    // that wait for the next fdatasync
    std::size_t nobodies_ = 0;   // commits that nobody waits for, likewise
    bool hurried_ = false;       // by them
    // Time is cut into periods, as long as a client waits for company.
    std::uint64_t period_ = 1;
    io::Clock::time_point period_began_;
    std::size_t coming_now_ = 0;    // clients that began in this period
    std::size_t coming_before_ = 0; // in the one before
    bool flushing_ = false;
    bool rolling_ = false;
    bool sealing_ = false;
    bool stopping_ = false;
    bool removing_ = false;
    bool full_ = false; // the last segment that was to be made found no space
    std::uint64_t rolls_failed_ = 0;
    Error roll_error_ = Error::failed;
    io::Event gathering_; // enough have come, or it cannot be waited for more
    io::Event changed_;   // something was written, failed, rolled or stopped
    io::TaskGroup tasks_;
};

} // namespace postern::spool
