#pragma once

#include "gateway/io/event.h"
#include "gateway/io/task.h"
#include "gateway/io/task_group.h"
#include "gateway/relay/conversation.h"
#include "gateway/relay/environment.h"
#include "gateway/relay/target.h"

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace postern::deliver {

// Conversations that have carried a message and are good for another one: to the same host, under
// the same name and the same demand, which they have met (COMPLIANCE O18). They wait for it a
// moment, since they are somebody else's connections, too, and then say QUIT by themselves. Owned
// by the courier; one thread only; await end() before it is destroyed.
class KeptConversations {
public:
    // `environment` outlives it.
    explicit KeptConversations(relay::Environment& environment);
    KeptConversations(const KeptConversations&) = delete;
    KeptConversations& operator=(const KeptConversations&) = delete;
    ~KeptConversations() = default;

    // The one that was used last, on which nothing was said unasked; null: there is none. Its
    // server may have closed it all the same.
    [[nodiscard]] std::unique_ptr<relay::Conversation> take(const relay::Target& target);
    // Keeps it or, after many messages or when there are many, ends it. One that is not between two
    // messages is ended.
    void keep(const relay::Target& target, std::unique_ptr<relay::Conversation> conversation);
    // Ends all that are kept now: what they have proved may not be what is asked from now on.
    void drop();
    // As drop(), and waits for the last goodbye. None is kept from now on.
    [[nodiscard]] io::Task<void> end();

    [[nodiscard]] std::size_t kept() const { return kept_; }

private:
    using Row = std::vector<std::unique_ptr<relay::Conversation>>; // used last: at the end

    [[nodiscard]] io::Task<void> sweep();
    void end_idle(io::Clock::time_point since);
    void say_goodbye(std::unique_ptr<relay::Conversation> conversation);

    relay::Environment& environment_;
    std::unordered_map<std::string, Row> rows_; // by the target's key
    std::size_t kept_ = 0;
    bool sweeping_ = false;
    bool ending_ = false;
    io::Event changed_;
    io::TaskGroup tasks_;
};

} // namespace postern::deliver
