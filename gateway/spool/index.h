#pragma once

#include "gateway/spool/message.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

namespace postern::spool {

// All that is kept in memory of a message that waits: 40 bytes.
struct Entry {
    MessageId id = 0;
    Place record{};                  // the message
    Place outcome{};                 // its newest outcome; nowhere: none since the record
    std::uint32_t first_segment = 0; // nothing of it lies in an earlier one
    std::uint32_t bytes = 0;         // of all its records, cut to 4 GiB
    std::uint32_t due = 0;           // seconds since 1970
    std::uint32_t log = 0;           // which log of the core has it

    [[nodiscard]] Time due_at() const { return Time{std::chrono::seconds{due}}; }
    void set_due(Time time);
};
static_assert(sizeof(Entry) == 40, "a million messages must be cheap");

// The messages of one core: those that wait, the next due first, and those in hand. One thread
// only.
class Index {
public:
    void add(const Entry& entry);

    // The earliest of those that wait; `never` counts as waiting for nothing.
    [[nodiscard]] std::optional<Time> next_due() const;
    // Takes what has been due the longest into the hand.
    [[nodiscard]] const Entry* take_due(Time now);
    // Takes this one into the hand; null when it does not wait. Looks at every message.
    [[nodiscard]] const Entry* take(MessageId id);

    // Takes all whose first segment is this one of this log. Looks at every message.
    [[nodiscard]] std::vector<MessageId> take_all(std::uint32_t log, std::uint32_t segment);

    // Whatever would come later than `latest` is due at `now`; what is never due stays so. Looks at
    // every message.
    void recall(Time latest, Time now);

    // Null when it is not in hand.
    [[nodiscard]] Entry* hand(MessageId id);
    // From the hand back to those that wait.
    void put_back(MessageId id);
    // From the hand, for good.
    void remove(MessageId id);

    // The one that came first, waiting or in hand. Looks at every message.
    [[nodiscard]] std::optional<MessageId> oldest() const;

    // A heap.
    [[nodiscard]] const std::deque<Entry>& waiting() const { return waiting_; }
    [[nodiscard]] std::size_t in_hand() const { return in_hand_.size(); }
    void append_hand(std::vector<Entry>& entries) const;

private:
    const Entry* take_last();

    std::deque<Entry> waiting_; // grows and shrinks without moving what is there
    std::unordered_map<MessageId, Entry> in_hand_;
};

} // namespace postern::spool
