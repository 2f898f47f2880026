#include "gateway/spool/index.h"

#include <algorithm>
#include <cassert>

namespace postern::spool {
namespace {

// The top of the heap is the earliest; among equals the older message.
bool later(const Entry& one, const Entry& other) {
    if (one.due != other.due) return one.due > other.due;
    return one.id > other.id;
}

} // namespace

void Entry::set_due(Time time) {
    due = static_cast<std::uint32_t>(std::clamp(time, Time{}, never).time_since_epoch().count());
}

void Index::add(const Entry& entry) {
    waiting_.push_back(entry);
    std::push_heap(waiting_.begin(), waiting_.end(), later);
}

std::optional<Time> Index::next_due() const {
    if (waiting_.empty() || waiting_.front().due_at() == never) return std::nullopt;
    return waiting_.front().due_at();
}

const Entry* Index::take_due(Time now) {
    const auto next = next_due();
    if (!next || *next > now) return nullptr;
    std::pop_heap(waiting_.begin(), waiting_.end(), later);
    return take_last();
}

const Entry* Index::take(MessageId id) {
    const auto found =
        std::ranges::find_if(waiting_, [id](const Entry& entry) { return entry.id == id; });
    if (found == waiting_.end()) return nullptr;
    // To the top as the earliest of all, then off the heap.
    const Entry entry = *found;
    found->due = 0;
    found->id = 0;
    std::push_heap(waiting_.begin(), std::next(found), later);
    std::pop_heap(waiting_.begin(), waiting_.end(), later);
    waiting_.back() = entry;
    return take_last();
}

const Entry* Index::take_last() {
    const Entry entry = waiting_.back();
    waiting_.pop_back();
    return &in_hand_.emplace(entry.id, entry).first->second;
}

std::vector<MessageId> Index::take_all(std::uint32_t log, std::uint32_t segment) {
    std::vector<MessageId> taken;
    const auto kept = std::ranges::remove_if(waiting_, [&](const Entry& entry) {
        if (entry.log != log || entry.first_segment != segment) return false;
        in_hand_.emplace(entry.id, entry);
        taken.push_back(entry.id);
        return true;
    });
    waiting_.erase(kept.begin(), kept.end());
    if (!taken.empty()) std::make_heap(waiting_.begin(), waiting_.end(), later);
    return taken;
}

void Index::recall(Time latest, Time now) {
    const auto recall_one = [&](Entry& entry) {
        if (entry.due_at() > latest && entry.due_at() != never) entry.set_due(now);
    };
    std::ranges::for_each(waiting_, recall_one);
    for (auto& [id, entry] : in_hand_) {
        recall_one(entry);
    }
    std::make_heap(waiting_.begin(), waiting_.end(), later);
}

std::optional<MessageId> Index::oldest() const {
    std::optional<MessageId> oldest;
    const auto look = [&oldest](MessageId id) {
        if (!oldest || id < *oldest) oldest = id;
    };
    for (const Entry& entry : waiting_) {
        look(entry.id);
    }
    for (const auto& [id, entry] : in_hand_) {
        look(id);
    }
    return oldest;
}

void Index::append_hand(std::vector<Entry>& entries) const {
    for (const auto& [id, entry] : in_hand_) {
        entries.push_back(entry);
    }
}

Entry* Index::hand(MessageId id) {
    const auto found = in_hand_.find(id);
    return found == in_hand_.end() ? nullptr : &found->second;
}

void Index::put_back(MessageId id) {
    const auto found = in_hand_.find(id);
    assert(found != in_hand_.end());
    add(found->second);
    in_hand_.erase(found);
}

void Index::remove(MessageId id) { in_hand_.erase(id); }

} // namespace postern::spool
