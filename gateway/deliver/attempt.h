#pragma once

#include "gateway/deliver/destination.h"
#include "gateway/deliver/kept_conversations.h"
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
// demanded in TLS never goes in clear. A conversation that was kept has met the same demand
// (COMPLIANCE O18), and is kept again where it holds. Owned by the courier; one thread only.
class Attempt {
public:
    // `environment` and `kept` outlive it.
    Attempt(relay::Environment& environment, KeptConversations& kept, Destination destination);
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    ~Attempt() = default;

    // One outcome a recipient, in their order. `now` is the wall clock.
    [[nodiscard]] io::Task<std::vector<Outcome>> deliver(const Message& message,
                                                         std::chrono::system_clock::time_point now);

private:
    struct Pass {
        const Message& message;
        std::chrono::system_clock::time_point now;
    };
    struct Turn { // of a host
        const Host& host;
        relay::Target target;
    };

    [[nodiscard]] io::Task<void> pass(const Way& way, const Pass& pass, Ledger& ledger);
    [[nodiscard]] io::Task<bool>
    over_kept(const Turn& turn, const Message& message, Ledger& ledger);
    [[nodiscard]] io::Task<bool> say(const Turn& turn,
                                     const Message& message,
                                     std::unique_ptr<relay::Conversation> conversation,
                                     Ledger& ledger);

    relay::Environment& environment_;
    KeptConversations& kept_;
    const Destination destination_;
};

} // namespace postern::deliver
