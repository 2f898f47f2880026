#include "gateway/spool/index.h"

#include <algorithm>
#include <cassert>

namespace postern::spool {

void Entry::set_due(Time time) {
    due = static_cast<std::uint32_t>(std::clamp(time, Time{}, never).time_since_epoch().count());
}

Index::Turn Index::turn_of(const Entry& entry) {
    return {.due = entry.due,
            .id_high = static_cast<std::uint32_t>(entry.id >> 32U),
            .id_low = static_cast<std::uint32_t>(entry.id)};
}

void Index::add(const Entry& entry) {
    assert(!entry.in_hand);
    entries_.add(entry);
    turns_.add(turn_of(entry));
}

std::optional<Time> Index::next_due() const {
    const Turn* const next = turns_.at_least({});
    if (next == nullptr || next->due == UINT32_MAX) return std::nullopt; // never
    return Time{std::chrono::seconds{next->due}};
}

const Entry* Index::take_due(Time now, Pick pick) {
    const auto next = next_due();
    if (!next || *next > now) return nullptr;
    if (pick == Pick::oldest) return take(turns_.at_least({})->id());
    Entry behind;
    behind.set_due(std::min(now + std::chrono::seconds{1}, never));
    return take(turns_.below(turn_of(behind))->id());
}

const Entry* Index::take(MessageId id) {
    Entry* const entry = entries_.find(id);
    if (entry == nullptr || entry->in_hand) return nullptr;
    [[maybe_unused]] const bool waited = turns_.remove(turn_of(*entry));
    assert(waited);
    entry->in_hand = true;
    return entry;
}

bool Index::recall(Time latest, Time now, std::size_t most) {
    Entry later;
    later.set_due(latest + std::chrono::seconds{1});
    for (std::size_t count = 0; count < most; ++count) {
        const Turn* const turn = turns_.at_least(turn_of(later));
        if (turn == nullptr || turn->due == UINT32_MAX) return false; // never
        const MessageId id = turn->id();
        Entry* const entry = entries_.find(id);
        [[maybe_unused]] const bool waited = turns_.remove(turn_of(*entry));
        assert(waited);
        entry->set_due(now);
        turns_.add(turn_of(*entry));
    }
    return true;
}

Entry* Index::hand(MessageId id) {
    Entry* const entry = entries_.find(id);
    return entry != nullptr && entry->in_hand ? entry : nullptr;
}

void Index::put_back(MessageId id) {
    Entry* const entry = hand(id);
    assert(entry != nullptr);
    entry->in_hand = false;
    turns_.add(turn_of(*entry));
}

void Index::remove(MessageId id) {
    if (hand(id) != nullptr) entries_.remove(id);
}

std::optional<MessageId> Index::oldest() const {
    const Entry* const first = entries_.at_least(0);
    if (first == nullptr) return std::nullopt;
    return first->id;
}

std::vector<Entry> Index::page(MessageId after, std::size_t count) const {
    if (after == UINT64_MAX) return {};
    return entries_.some(after + 1, count);
}

} // namespace postern::spool
