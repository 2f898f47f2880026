#pragma once

#include "gateway/io/task_group.h"
#include "gateway/relay/environment.h"
#include "gateway/relay/failure.h"
#include "gateway/relay/hop.h"
#include "gateway/relay/route_table.h"

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::policy {
class Snapshot;
}

namespace postern::relay {

class HostAddresses;

// A conversation on loan. Give it back to the pool when its transaction is over; destroying the
// lease ends the connection.
class Lease {
public:
    Lease() = default;
    Lease(Hop& hop, std::unique_ptr<Conversation> conversation, bool reused)
        : hop_(&hop), conversation_(std::move(conversation)), reused_(reused) {}
    Lease(Lease&& other) noexcept
        : hop_(std::exchange(other.hop_, nullptr))
        , conversation_(std::move(other.conversation_))
        , reused_(other.reused_) {}
    Lease& operator=(Lease&& other) noexcept {
        if (this != &other) {
            end();
            hop_ = std::exchange(other.hop_, nullptr);
            conversation_ = std::move(other.conversation_);
            reused_ = other.reused_;
        }
        return *this;
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { end(); }

    [[nodiscard]] explicit operator bool() const { return conversation_ != nullptr; }
    [[nodiscard]] Conversation& operator*() const { return *conversation_; }
    [[nodiscard]] Conversation* operator->() const { return conversation_.get(); }
    [[nodiscard]] const Hop& hop() const { return *hop_; }
    // It had been used before: the server may have closed it just now.
    [[nodiscard]] bool reused() const { return reused_; }
    void end();

private:
    friend class Pool;
    Hop* hop_ = nullptr;
    std::unique_ptr<Conversation> conversation_;
    bool reused_ = false;
};

// Every next hop of one core and the conversations with them. Owned by the core; one thread only.
class Pool {
public:
    explicit Pool(Environment& environment);
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    // stop() was awaited.
    ~Pool();

    // The hosts of a new policy's routes. Hosts that were known keep their conversations and
    // health; those that are new are asked what they offer.
    [[nodiscard]] std::unique_ptr<RouteTable> table_for(const policy::Snapshot& policy,
                                                        const HostAddresses& addresses);

    enum class Use : std::uint8_t { any, fresh };
    // A conversation with one of the route's hosts: an idle one, else a new one. Tries the hosts in
    // turn; the failure is that of the last.
    [[nodiscard]] io::Task<std::expected<Lease, Failure>>
    take(RouteHops& route, const ClientFacts& client, Use use);
    // Back to the idle ones, if it is between transactions.
    void give_back(Lease lease);
    // In the middle of a transaction, nothing of the message sent: RSET, then back.
    void reset_and_give_back(Lease lease);

    // Forget hosts that no table names any more. Called after a table has gone.
    void drop_unused();
    [[nodiscard]] const Environment& environment() const { return environment_; }
    // Ends every idle conversation and waits for what is going on.
    [[nodiscard]] io::Task<void> stop();

private:
    [[nodiscard]] Hop& hop_for(Target target);
    [[nodiscard]] io::Task<std::expected<Lease, Failure>> open(Hop& hop, const ClientFacts& client);
    [[nodiscard]] Lease take_idle(Hop& hop);
    void make_room(Hop& hop);
    [[nodiscard]] io::Task<bool> wait_for_free(Hop& hop) const;
    [[nodiscard]] io::Task<void> learn(Hop& hop);
    [[nodiscard]] io::Task<void> reset(Lease lease);
    [[nodiscard]] io::Task<void> end(std::unique_ptr<Conversation> conversation);
    [[nodiscard]] io::Task<void> sweep();

    Environment& environment_;
    std::map<std::string, std::unique_ptr<Hop>> hops_;
    io::Event stopping_;
    bool stopped_ = false;
    io::TaskGroup background_;
};

} // namespace postern::relay
