#pragma once

#include "gateway/io/task.h"
#include "gateway/spool/error.h"
#include "gateway/spool/index.h"
#include "gateway/spool/log.h"
#include "gateway/spool/message.h"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace postern::spool {

class Spool;

// A message on its way into the spool: add() its content, then commit(). Destroyed without a commit
// it leaves nothing but bytes for the compaction. Moved and destroyed only while none of its tasks
// is awaited, and gone before the spool.
class Writer {
public:
    Writer(Spool& spool, Log& log, Room room, Message message);
    Writer(Writer&& other) noexcept;
    Writer& operator=(Writer&&) = delete;
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer();

    [[nodiscard]] MessageId id() const { return message_.id; }
    [[nodiscard]] std::uint64_t content_bytes() const {
        return message_.content_bytes + held_.size();
    }

    // More content, as it is to be sent: `bytes` stay valid until the result is there. At most a
    // few KiB are kept; waits while the disk is behind. After an error only destroy.
    [[nodiscard]] io::Task<std::expected<void, Error>> add(std::string_view bytes);
    // Once it is on the disk, together with all that wait for the same fdatasync, the message is
    // due at its arrival. After an error it is not there. Once.
    [[nodiscard]] io::Task<std::expected<void, Error>> commit();
    // The half of commit() that writes: what the index has to know of a message that is on the
    // disk.
    [[nodiscard]] io::Task<std::expected<Entry, Error>> store();

private:
    [[nodiscard]] io::Task<std::expected<void, Error>> write(std::string_view bytes);
    // Waits until it is on the disk.
    [[nodiscard]] io::Task<std::expected<void, Error>> keep(Place place);
    [[nodiscard]] io::Task<std::expected<Place, Error>>
    append(RecordType type, std::string_view head, std::string_view rest = {});

    Spool* spool_;
    Log* log_;
    Room room_;
    Message message_;
    std::string held_;         // the beginning of the next piece
    std::uint32_t pinned_ = 0; // the segment of the first piece; 0: none yet
};

} // namespace postern::spool
