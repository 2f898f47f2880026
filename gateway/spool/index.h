#pragma once

#include "gateway/spool/message.h"
#include "gateway/spool/sorted.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace postern::spool {

// What is kept in memory of a message: 40 bytes, and 12 for its turn while it waits.
struct Entry {
    MessageId id = 0;
    Place record{};                  // the message
    Place outcome{};                 // its newest outcome; nowhere: none since the record
    std::uint32_t first_segment = 0; // nothing of it lies in an earlier one
    std::uint32_t bytes = 0;         // of all its records, cut to 4 GiB
    std::uint32_t due = 0;           // seconds since 1970
    std::uint16_t log = 0;           // which log of the core has it
    bool in_hand = false;

    [[nodiscard]] Time due_at() const { return Time{std::chrono::seconds{due}}; }
    void set_due(Time time);
};
static_assert(sizeof(Entry) == 40, "a million messages must be cheap");

// The messages of one core: those that wait, the next due first, and those in hand. One thread
// only. Nothing in it looks at every message.
class Index {
public:
    void add(const Entry& entry);

    // The earliest of those that wait; `never` counts as waiting for nothing.
    [[nodiscard]] std::optional<Time> next_due() const;
    // Takes one that is due into the hand: the oldest is what has been due the longest. Null when
    // there is none.
    enum class Pick : std::uint8_t { oldest, newest };
    [[nodiscard]] const Entry* take_due(Time now, Pick pick = Pick::oldest);
    // Takes this one into the hand; null when it does not wait.
    [[nodiscard]] const Entry* take(MessageId id);

    // What waits until later than `latest` is due at `now` instead, `most` messages of it; what is
    // never due stays so. False: there is no more of it.
    [[nodiscard]] bool recall(Time latest, Time now, std::size_t most);

    // Null when it is not in hand.
    [[nodiscard]] Entry* hand(MessageId id);
    // From the hand back to those that wait.
    void put_back(MessageId id);
    // From the hand, for good.
    void remove(MessageId id);

    // The one that came first, waiting or in hand.
    [[nodiscard]] std::optional<MessageId> oldest() const;
    // Null when it is not here.
    [[nodiscard]] const Entry* find(MessageId id) { return entries_.find(id); }
    // All messages, by and by: at most so many with an id above `after`, in their order.
    [[nodiscard]] std::vector<Entry> page(MessageId after, std::size_t count) const;

    [[nodiscard]] std::size_t waiting() const { return turns_.size(); }
    [[nodiscard]] std::size_t in_hand() const { return entries_.size() - turns_.size(); }

private:
    // When a message is due. Its id in two halves: 12 bytes, where one number would make it 16.
    struct Turn {
        std::uint32_t due = 0;
        std::uint32_t id_high = 0;
        std::uint32_t id_low = 0;

        auto operator<=>(const Turn&) const = default;
        [[nodiscard]] MessageId id() const { return MessageId{id_high} << 32U | id_low; }
    };
    [[nodiscard]] static Turn turn_of(const Entry& entry);

    Sorted<Entry, &Entry::id> entries_;
    Sorted<Turn, std::identity{}> turns_; // of those that wait
};

} // namespace postern::spool
