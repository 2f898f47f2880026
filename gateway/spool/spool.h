#pragma once

#include "gateway/io/event.h"
#include "gateway/io/ring.h"
#include "gateway/io/task.h"
#include "gateway/io/task_group.h"
#include "gateway/spool/error.h"
#include "gateway/spool/index.h"
#include "gateway/spool/log.h"
#include "gateway/spool/message.h"
#include "gateway/spool/payload.h"
#include "gateway/spool/reader.h"
#include "gateway/spool/recovery.h"
#include "gateway/spool/writer.h"

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postern::spool {

// The outbound queue of one core, on disk. One thread; made when recover() has read what was there.
//
// A message is waiting (in the index) or in hand: take_due() hands it to the caller, who loads it,
// tries it, writes down the outcomes, and either puts it back or is done with it. What is in hand
// when the process ends is waiting again at the next start, as its last outcome left it.
class Spool {
public:
    struct Settings {
        std::string directory; // state_directory/spool
        unsigned core = 0;     // this core's own shard
        std::uint32_t segment_bytes = 64U << 20U;
        std::uint32_t report_segment_bytes = 16U << 20U;
        io::Duration patience{50};      // how long outcomes may wait for company before they are
                                        // on the disk; after a crash they are forgotten
        io::Duration company{20};       // how long a client waits for others on their way
        io::FileFault* fault = nullptr; // tests only: what the disk does wrong
    };

    // `shards` are this core's part of what recover() found, its own first or not at all.
    Spool(io::Ring& ring, Settings settings, std::vector<RecoveredShard> shards);
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;
    // stop() was awaited.
    ~Spool();

    // New work is refused; ends when nothing is in flight any more.
    [[nodiscard]] io::Task<void> stop();

    // To be kept by a client from when it begins a message until it waits for commit().
    [[nodiscard]] Log::Coming expect() { return Log::Coming{*logs_.front()}; }
    // How many of these are still waited for.
    [[nodiscard]] std::size_t expected() { return logs_.front()->coming(); }
    // A message that arrives now. No I/O. New mail is refused while it would take space that what
    // becomes of older mail needs.
    [[nodiscard]] Writer begin(smtp::Mail mail,
                               std::vector<smtp::Recipient> recipients,
                               std::chrono::system_clock::time_point now);
    // A report about a message that is here. It goes into a log of its own: the space of reports
    // that are delivered comes back whatever lives in the other.
    [[nodiscard]] Writer begin_report(smtp::Mail mail,
                                      smtp::Recipient recipient,
                                      std::chrono::system_clock::time_point now);

    // When the next message is due; nothing when none waits.
    [[nodiscard]] std::optional<Time> next_due() const { return index_.next_due(); }
    // The clock that these times came from was ahead of this one: what waits until later than
    // `latest` is due at `now`; a message that is loaded then has its own recall(). True: call
    // again in a moment, for that was not all of them.
    [[nodiscard]] bool recall(Time latest, Time now);
    // Set when next_due() has become earlier.
    [[nodiscard]] io::Event& earlier() { return earlier_; }
    // Takes the message that has been due the longest, or the shortest; nothing when none is due.
    [[nodiscard]] std::optional<MessageId> take_due(Time now,
                                                    Index::Pick pick = Index::Pick::oldest);
    // Takes this one, due or not: for operators. False when it is not waiting here.
    [[nodiscard]] bool take(MessageId id);
    // Reads the envelope and the state of a message in hand.
    [[nodiscard]] io::Task<std::expected<Message, Error>> load(MessageId id);
    // `message` outlives the reader and stays in hand as long.
    [[nodiscard]] Reader read(const Message& message);

    // Writes down the state of the recipients with these numbers, as it is in `message` now, and
    // waits until it is on the disk. After an error: keep the message in hand, and call again. That
    // somebody waits on is written while it leaves room for what is final.
    [[nodiscard]] io::Task<std::expected<void, Error>> outcome(Message& message,
                                                               std::vector<std::uint32_t> changed);
    // The message waits again, until due(message).
    void put_back(const Message& message);
    // As put_back(), for a message that could not be loaded.
    void put_back(MessageId id, Time due);
    // Settled: the message is forgotten, durably. After an error as outcome().
    [[nodiscard]] io::Task<std::expected<void, Error>> done(const Message& message);
    // Damaged: it stays on the disk, untried, until the next start quarantines it.
    void set_aside(MessageId id);

    // What is in memory of all messages, those in hand too, by and by: at most so many with an id
    // above `after`, in their order.
    [[nodiscard]] std::vector<Entry> page(MessageId after, std::size_t count) const {
        return index_.page(after, count);
    }
    // As load(), of a message that is in anybody's hand or nobody's: for a look. An error when it
    // is not here (any more).
    [[nodiscard]] io::Task<std::expected<Message, Error>> look(MessageId id);

    // How many wait. Those in hand, or being moved by the compaction, are counted apart.
    [[nodiscard]] std::size_t waiting() const { return index_.waiting(); }
    [[nodiscard]] std::size_t in_hand() const { return index_.in_hand(); }
    // The message that came first.
    [[nodiscard]] std::optional<MessageId> oldest() const { return index_.oldest(); }
    [[nodiscard]] io::Ring& ring() { return ring_; }
    [[nodiscard]] const LogCounters& counters() const { return counters_; }

    // Deletes segments without live messages and rewrites mostly dead ones, the oldest first. Runs
    // by itself after done(); does nothing while it runs.
    [[nodiscard]] io::Task<void> compact();
    [[nodiscard]] bool compacting() const { return compacting_; }

private:
    friend class Writer;

    [[nodiscard]] Message message_of(smtp::Mail mail,
                                     std::vector<smtp::Recipient> recipients,
                                     std::chrono::system_clock::time_point now);
    [[nodiscard]] bool has_reserve() const { return reports_->has_reserve(); }
    [[nodiscard]] io::Task<std::expected<void, Error>> make_reserve() {
        return reports_->make_reserve();
    }
    [[nodiscard]] io::Task<bool> give_space_back() { return reports_->give_space_back(); }
    void add(const Log& log, Entry entry);
    [[nodiscard]] static io::Task<std::expected<Message, Error>> load_from(Log& log, Entry entry);
    static void apply(Outcome& outcome, Message& message, std::vector<bool>& known);
    [[nodiscard]] std::uint16_t number_of(const Log& log) const;
    // Waits until what became of a message in hand is on the disk, with what became of others.
    [[nodiscard]] io::Task<std::expected<void, Error>> keep(Log& log, Place place);
    void start_compaction();
    // Takes what begins in this segment into the hand.
    [[nodiscard]] io::Task<std::vector<MessageId>> take_all(Log& log, std::uint32_t segment);
    // Moves what is alive in the oldest segment; true when it can go.
    [[nodiscard]] io::Task<bool> empty_out(Log& log, std::uint32_t segment);
    [[nodiscard]] io::Task<void>
    move_or_leave(Log& log, MessageId id, std::expected<void, Error>& all);
    [[nodiscard]] io::Task<std::expected<void, Error>> move(Log& log, MessageId id);

    io::Ring& ring_;
    Settings settings_;
    LogCounters counters_;
    std::vector<std::unique_ptr<Log>> logs_; // the own one first
    Log* reports_ = nullptr;                 // the own one of these
    Index index_;
    MessageId last_id_ = 0;
    std::size_t keeping_ = 0; // outcomes on their way to the disk
    bool stopping_ = false;
    bool compacting_ = false;
    io::Clock::time_point compaction_not_before_{}; // after one that did not work
    io::Event earlier_;
    io::TaskGroup tasks_;
};

} // namespace postern::spool
