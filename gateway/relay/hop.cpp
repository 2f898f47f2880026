#include "gateway/relay/hop.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace postern::relay {

io::Duration back_off(unsigned failures_before) {
    constexpr unsigned doublings_max = 6; // 64 s
    constexpr io::Duration first{1000};
    constexpr io::Duration longest = std::chrono::seconds{60};
    return std::min(longest, first * (1U << std::min(failures_before, doublings_max)));
}

bool Hop::stale(const Conversation& conversation) const {
    const io::Clock::time_point now = environment_.ring.now();
    return !conversation.silent() || now - conversation.idle_since > environment_.bounds.idle ||
           now - conversation.opened_at() > environment_.bounds.age;
}

std::unique_ptr<Conversation> Hop::take_idle() {
    while (!idle_.empty()) {
        std::unique_ptr<Conversation> conversation = std::move(idle_.back());
        idle_.pop_back();
        --environment_.counts.idle;
        if (!stale(*conversation)) return conversation;
    }
    return nullptr;
}

void Hop::put_idle(std::unique_ptr<Conversation> conversation) {
    conversation->idle_since = environment_.ring.now();
    idle_.push_back(std::move(conversation));
    ++environment_.counts.idle;
}

std::vector<std::unique_ptr<Conversation>> Hop::take_stale() {
    std::vector<std::unique_ptr<Conversation>> taken;
    std::vector<std::unique_ptr<Conversation>> kept;
    for (std::unique_ptr<Conversation>& conversation : idle_) {
        (stale(*conversation) ? taken : kept).push_back(std::move(conversation));
    }
    idle_ = std::move(kept);
    environment_.counts.idle -= taken.size();
    return taken;
}

std::vector<std::unique_ptr<Conversation>> Hop::take_all_idle() {
    environment_.counts.idle -= idle_.size();
    return std::exchange(idle_, {});
}

bool Hop::full() const { return in_use_ + idle_.size() >= environment_.bounds.conversations_max; }

void Hop::count_given_back() {
    assert(in_use_ > 0);
    --in_use_;
    freed_.set_one();
}

void Hop::failed() {
    ++environment_.counts.failed;
    if (!usable()) return; // begun before the first of these failed: it is the same outage
    retry_at_ = environment_.ring.now() + back_off(failures_);
    ++failures_;
}

void Hop::succeeded(const smtp::Extensions& extensions) {
    failures_ = 0;
    retry_at_ = {};
    extensions_ = extensions;
}

} // namespace postern::relay
