#include "gateway/relay/pool.h"

#include "gateway/relay/host_addresses.h"
#include "gateway/smtp/client.h"
#include "policy/snapshot.h"

#include <cassert>
#include <utility>

namespace postern::relay {

void Lease::end() {
    conversation_.reset();
    if (hop_ != nullptr) std::exchange(hop_, nullptr)->count_given_back();
}

Pool::Pool(Environment& environment)
    : environment_(environment), stopping_(environment.ring), background_(environment.ring) {
    background_.spawn(sweep());
}

Pool::~Pool() = default;

Hop& Pool::hop_for(Target target) {
    std::unique_ptr<Hop>& hop = hops_[target.key()];
    if (!hop) {
        hop = std::make_unique<Hop>(environment_, std::move(target));
        background_.spawn(learn(*hop));
    }
    return *hop;
}

std::unique_ptr<RouteTable> Pool::table_for(const policy::Snapshot& policy,
                                            const HostAddresses& addresses) {
    std::unordered_map<const policy::Route*, RouteHops> routes;
    for (const auto& route : policy.parts().routes) {
        std::vector<RouteHops::Entry> entries;
        for (const policy::RouteHost& host : route->hosts) {
            for (const io::Endpoint& address : addresses.of(host.address)) {
                const auto endpoint = io::Endpoint::parse(address.address(), host.port);
                if (!endpoint) continue;
                Target target{.endpoint = *endpoint,
                              .server_name =
                                  route->server_name.empty() ? host.address : route->server_name,
                              .required = {.demand = route->demand()},
                              .announce = route->announce_client};
                entries.push_back({.hop = &hop_for(std::move(target)),
                                   .weight = host.weight,
                                   .backup = host.backup});
            }
        }
        routes.emplace(route.get(), RouteHops{std::move(entries)});
    }
    return std::make_unique<RouteTable>(std::move(routes));
}

Lease Pool::take_idle(Hop& hop) {
    auto idle = hop.take_idle();
    if (!idle) return {};
    hop.count_in_use();
    ++environment_.counts.reused;
    return Lease{hop, std::move(idle), true};
}

io::Task<std::expected<Lease, Failure>>
Pool::take(RouteHops& route, const ClientFacts& client, Use use) {
    Failure failure{.cause = Cause::none_usable, .detail = {}};
    for (Hop* hop : route.in_turn()) {
        const bool free = co_await wait_for_free(*hop);
        if (!free) {
            failure = {.cause = Cause::busy, .detail = hop->target().endpoint.text()};
            continue;
        }
        if (use == Use::any) {
            if (Lease idle = take_idle(*hop)) co_return std::move(idle);
        } else if (hop->full()) {
            make_room(*hop);
        }
        auto opened = co_await open(*hop, client);
        if (opened) co_return std::move(*opened);
        failure = std::move(opened.error());
    }
    co_return std::unexpected{std::move(failure)};
}

// An idle conversation counts too. Whoever wants a fresh one has just seen one go stale.
void Pool::make_room(Hop& hop) {
    if (auto idle = hop.take_idle()) background_.spawn(end(std::move(idle)));
}

io::Task<bool> Pool::wait_for_free(Hop& hop) const {
    const io::Clock::time_point deadline = environment_.ring.now() + environment_.bounds.free_wait;
    while (hop.full() && hop.idle() == 0) {
        const auto left = std::chrono::ceil<io::Duration>(deadline - environment_.ring.now());
        if (left <= io::Duration{0} || stopped_) co_return false;
        [[maybe_unused]] const bool freed = co_await hop.freed().wait(left);
    }
    co_return true;
}

io::Task<std::expected<Lease, Failure>> Pool::open(Hop& hop, const ClientFacts& client) {
    hop.count_in_use();
    Lease lease{hop, nullptr, false};
    const bool proxied = hop.target().announce == policy::AnnounceClient::proxy;
    auto opened =
        co_await Conversation::open(environment_, hop.target(), proxied ? &client : nullptr);
    if (!opened) {
        hop.failed();
        opened.error().detail = hop.target().endpoint.text() + ": " + opened.error().detail;
        co_return std::unexpected{std::move(opened.error())};
    }
    lease.conversation_ = std::move(*opened);
    hop.succeeded(lease->extensions());
    co_return std::move(lease);
}

void Pool::give_back(Lease lease) {
    if (!lease) return;
    Hop& hop = *lease.hop_;
    // A conversation that was introduced as one client's cannot carry another's mail.
    const bool reusable = lease->state().can_start_transaction() && lease->silent() &&
                          hop.target().announce != policy::AnnounceClient::proxy && !stopped_;
    if (reusable) {
        hop.put_idle(std::move(lease.conversation_));
    } else {
        background_.spawn(end(std::move(lease.conversation_)));
    }
}

void Pool::reset_and_give_back(Lease lease) {
    if (lease) background_.spawn(reset(std::move(lease)));
}

io::Task<void> Pool::reset(Lease lease) {
    std::string command;
    smtp::append_rset(command);
    const auto answer = co_await lease->ask(command, environment_.bounds.command);
    if (!answer) co_return;
    lease->state().rset(*answer);
    give_back(std::move(lease));
}

io::Task<void> Pool::end(std::unique_ptr<Conversation> conversation) {
    co_await conversation->quit();
}

// A host seen for the first time is asked what it offers, so that we offer no more than it takes.
io::Task<void> Pool::learn(Hop& hop) {
    if (hop.target().announce == policy::AnnounceClient::proxy) {
        const ClientFacts ourselves{.address = {}, .local_address = {}, .helo = {}};
        auto opened = co_await open(hop, ourselves);
        if (opened) give_back(std::move(*opened));
        co_return;
    }
    auto opened = co_await open(hop, ClientFacts{});
    if (opened) give_back(std::move(*opened));
}

io::Task<void> Pool::sweep() {
    constexpr io::Duration period{1000};
    while (!stopped_) {
        [[maybe_unused]] const bool stop = co_await stopping_.wait(period);
        for (const auto& [key, hop] : hops_) {
            for (std::unique_ptr<Conversation>& stale : hop->take_stale()) {
                background_.spawn(end(std::move(stale)));
            }
        }
        drop_unused();
    }
}

void Pool::drop_unused() {
    for (auto at = hops_.begin(); at != hops_.end();) {
        Hop& hop = *at->second;
        if (hop.tables > 0 || hop.in_use() > 0) {
            ++at;
            continue;
        }
        for (std::unique_ptr<Conversation>& idle : hop.take_all_idle()) {
            background_.spawn(end(std::move(idle)));
        }
        at = hops_.erase(at);
    }
}

io::Task<void> Pool::stop() {
    constexpr io::Duration patience = std::chrono::seconds{2};
    stopped_ = true;
    stopping_.set();
    for (const auto& [key, hop] : hops_) {
        hop->freed().set();
        for (std::unique_ptr<Conversation>& idle : hop->take_all_idle()) {
            background_.spawn(end(std::move(idle)));
        }
    }
    const bool ended = co_await background_.ended(patience);
    if (ended) co_return;
    environment_.cut(); // somebody does not answer QUIT, or said nothing from the beginning
    while (!co_await background_.ended(patience)) { // what is left has its own bound: a connect
    }
}

} // namespace postern::relay
