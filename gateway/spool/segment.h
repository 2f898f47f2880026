#pragma once

#include "gateway/io/file.h"
#include "gateway/io/ring.h"
#include "gateway/io/task.h"
#include "gateway/spool/error.h"
#include "gateway/spool/record.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace postern::spool {

[[nodiscard]] Error error_from(io::FileError error);

// A segment as recovery left it.
struct RecoveredSegment {
    SegmentHeader header;
    std::uint32_t bytes = 0; // of the file that are good
    // How long the file is, where records may go on behind `bytes`: zeros that have their space. 0:
    // it is only read.
    std::uint32_t capacity = 0;

    bool operator==(const RecoveredSegment&) const = default;
};

// One file of a log: its space is allocated when it is made, records are appended to it until it is
// full, then it is only read. Owned by its log; writes come one after the other, reads overlap.
class Segment {
public:
    // A new file, which is on the disk with its header when the task ends; its name is not, before
    // the directory is synced. `capacity` is its size in bytes.
    [[nodiscard]] static io::Task<std::expected<std::unique_ptr<Segment>, Error>>
    create(io::Ring& ring,
           std::string path,
           SegmentHeader header,
           std::uint32_t capacity,
           io::FileFault* fault);
    // One that recovery has read.
    Segment(io::Ring& ring,
            std::string path,
            const RecoveredSegment& recovered,
            io::FileFault* fault);
    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;
    ~Segment() = default;

    [[nodiscard]] std::uint32_t number() const { return header_.number; }
    [[nodiscard]] Mark mark() const { return header_.mark; }
    [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
    [[nodiscard]] std::uint32_t written() const { return written_; }
    // What lies before this byte is on the disk.
    [[nodiscard]] std::uint32_t synced() const { return synced_; }
    // Why nothing can be written any more.
    [[nodiscard]] std::optional<Error> failure() const { return failure_; }

    enum class Sync : std::uint8_t { no, yes };
    // Appends whole records, and waits for the disk if asked to. After an error the segment is only
    // read, up to synced().
    [[nodiscard]] io::Task<std::expected<void, Error>> write(std::string_view records, Sync sync);
    // Reads the payload of the record at `offset` into `buffer`; `expected` is a guess at the size
    // of the whole record, which saves a second read when it is not too small.
    [[nodiscard]] io::Task<std::expected<Record, Error>>
    read(std::uint32_t offset, std::size_t expected, std::string& buffer);
    // Gives back the space that was not used. No more writes.
    [[nodiscard]] io::Task<void> release_rest();
    [[nodiscard]] io::Task<std::expected<void, Error>> remove();

    // What the log counts: messages whose first part is here, and who needs the file for now.
    struct Usage {
        std::uint32_t messages = 0;
        std::uint64_t bytes = 0;
        std::uint32_t pins = 0;
    };
    Usage usage;

private:
    [[nodiscard]] io::Task<std::expected<void, Error>> open();

    io::Ring& ring_;
    std::string path_;
    SegmentHeader header_;
    io::FileFault* fault_ = nullptr;
    io::File file_;
    std::uint32_t capacity_;
    std::uint32_t written_;
    std::uint32_t synced_;
    std::optional<Error> failure_;
};

} // namespace postern::spool
