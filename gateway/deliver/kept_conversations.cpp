#include "gateway/deliver/kept_conversations.h"

#include <utility>

namespace postern::deliver {
namespace {

constexpr std::chrono::seconds idle_max{2};
constexpr std::size_t messages_max = 100; // over one connection: servers like to balance their load
constexpr std::size_t kept_max = 500;

io::Task<void> goodbye(std::unique_ptr<relay::Conversation> conversation) {
    co_await conversation->quit();
}

} // namespace

KeptConversations::KeptConversations(relay::Environment& environment)
    : environment_(environment), changed_(environment.ring), tasks_(environment.ring) {}

std::unique_ptr<relay::Conversation> KeptConversations::take(const relay::Target& target) {
    const auto row = rows_.find(target.key());
    if (row == rows_.end()) return nullptr;
    std::unique_ptr<relay::Conversation> found;
    while (!found && !row->second.empty()) {
        found = std::move(row->second.back());
        row->second.pop_back();
        --kept_;
        if (!found->silent()) found.reset(); // it has said that it goes
    }
    if (row->second.empty()) rows_.erase(row);
    if (found) ++environment_.counts.reused;
    return found;
}

void KeptConversations::keep(const relay::Target& target,
                             std::unique_ptr<relay::Conversation> conversation) {
    ++conversation->messages;
    if (ending_ || kept_ >= kept_max || conversation->messages >= messages_max ||
        !conversation->state().can_start_transaction()) {
        say_goodbye(std::move(conversation));
        return;
    }
    conversation->idle_since = environment_.ring.now();
    rows_[target.key()].push_back(std::move(conversation));
    ++kept_;
    if (!sweeping_) tasks_.spawn(sweep());
}

void KeptConversations::drop() { end_idle(io::Clock::time_point::max()); }

io::Task<void> KeptConversations::end() {
    constexpr io::Duration longest = std::chrono::minutes{1};
    ending_ = true;
    drop();
    changed_.set();
    while (!co_await tasks_.ended(longest)) {
    }
}

void KeptConversations::say_goodbye(std::unique_ptr<relay::Conversation> conversation) {
    tasks_.spawn(goodbye(std::move(conversation)));
}

io::Task<void> KeptConversations::sweep() {
    constexpr io::Duration period{500};
    sweeping_ = true;
    while (kept_ > 0) {
        [[maybe_unused]] const bool ended = co_await changed_.wait(period);
        end_idle(environment_.ring.now() - idle_max);
    }
    sweeping_ = false;
}

// Those that nobody has used since then.
void KeptConversations::end_idle(io::Clock::time_point since) {
    for (auto row = rows_.begin(); row != rows_.end();) {
        Row& conversations = row->second;
        std::size_t stale = 0;
        while (stale < conversations.size() && conversations[stale]->idle_since <= since) {
            say_goodbye(std::move(conversations[stale++]));
        }
        kept_ -= stale;
        conversations.erase(conversations.begin(),
                            conversations.begin() + static_cast<std::ptrdiff_t>(stale));
        row = conversations.empty() ? rows_.erase(row) : std::next(row);
    }
}

} // namespace postern::deliver
