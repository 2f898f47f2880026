#pragma once

#include "gateway/deliver/destination.h"
#include "gateway/deliver/ledger.h"
#include "gateway/deliver/outcome.h"
#include "gateway/deliver/transaction.h"
#include "gateway/io/task.h"
#include "gateway/relay/conversation.h"
#include "gateway/relay/environment.h"

#include <chrono>
#include <memory>
#include <vector>

namespace postern::deliver {

// Delivery to one destination: for each message one pass over its hosts. THE OUTBOUND CHECK stands
// before MAIL: relay::Conversation::open() gives only conversations that meet the demand of the way
// they are on, so that no address and no content is said to a host that falls short, and what is
// demanded in TLS never goes in clear. Several messages, one after the other, go over one
// connection where it holds; every one of them has the same demand (COMPLIANCE O18). Owned by the
// courier; one thread only; await end() before it is destroyed, or the connection is just dropped.
class Attempt {
public:
    // `environment` outlives it.
    Attempt(relay::Environment& environment, Destination destination);
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    ~Attempt() = default;

    // One outcome a recipient, in their order. `now` is the wall clock.
    [[nodiscard]] io::Task<std::vector<Outcome>> deliver(const Message& message,
                                                         std::chrono::system_clock::time_point now);

    // QUIT, where there is a conversation.
    [[nodiscard]] io::Task<void> end();

private:
    // A conversation that is good for another message.
    struct Kept {
        std::unique_ptr<relay::Conversation> conversation;
        const Host* host = nullptr; // of destination_.way
    };
    struct Pass {
        const Message& message;
        std::chrono::system_clock::time_point now;
        const Host* without = nullptr; // has been asked already
    };

    [[nodiscard]] io::Task<const Host*> over_kept(const Message& message, Ledger& ledger);
    [[nodiscard]] io::Task<void> pass(const Way& way, const Pass& pass, Ledger& ledger);
    [[nodiscard]] io::Task<void> say(const Message& message, Kept over, Ledger& ledger);

    relay::Environment& environment_;
    const Destination destination_;
    Kept kept_;
};

} // namespace postern::deliver
