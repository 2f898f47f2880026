#include "gateway/deliver/attempt.h"

#include <algorithm>
#include <cassert>
#include <set>
#include <string_view>
#include <utility>

namespace postern::deliver {
namespace {

// COMPLIANCE O12: the alternate route has its own demands, and TLS is the least of them.
Destination secured(Destination destination) {
    constexpr policy::Required least{.demand = policy::Demand::tls,
                                     .floor = policy::TlsVersion::tls_1_2};
    if (destination.alternate) destination.alternate->required.raise(least);
    return destination;
}

// Addresses that could not be reached, of hosts with no other address that could.
class Unreached {
public:
    void reached(const Host& host) { reached_.insert(host.name); }
    void add(Outcome outcome) { outcomes_.push_back(std::move(outcome)); }
    void weigh_in(Ledger& ledger) const {
        for (const Outcome& outcome : outcomes_) {
            if (!reached_.contains(outcome.host)) ledger.weigh(outcome);
        }
    }

private:
    std::vector<Outcome> outcomes_;
    std::set<std::string_view> reached_; // names of hosts, in the way
};

} // namespace

Attempt::Attempt(relay::Environment& environment, KeptConversations& kept, Destination destination)
    : environment_(environment), kept_(kept), destination_(secured(std::move(destination))) {
    assert(!destination_.way.hosts.empty());
    assert(!destination_.alternate || !destination_.alternate->hosts.empty());
}

io::Task<std::vector<Outcome>> Attempt::deliver(const Message& message,
                                                std::chrono::system_clock::time_point now) {
    Ledger ledger{message.recipients.size()};
    const Pass over{.message = message, .now = now};
    co_await pass(destination_.way, over, ledger);
    Ledger fell_short = ledger.of_those_that_fell_short();
    if (destination_.alternate && fell_short.any_open()) {
        co_await pass(*destination_.alternate, over, fell_short);
        ledger.take_from(fell_short);
    }
    co_return std::move(ledger).close(destination_.on_tls_failure);
}

io::Task<void> Attempt::pass(const Way& way, const Pass& pass, Ledger& ledger) {
    Unreached unreached;
    for (const Host& host : way.hosts) {
        if (!ledger.any_open()) break;
        const Turn turn{.host = host,
                        .target = {.endpoint = host.endpoint,
                                   .server_name = host.name,
                                   .required = way.required}};
        const bool said = co_await over_kept(turn, pass.message, ledger);
        if (said) {
            unreached.reached(host);
            continue;
        }
        auto opened = co_await relay::Conversation::open(environment_, turn.target, nullptr);
        if (opened) {
            unreached.reached(host);
            auto fresh = std::move(*opened);
            [[maybe_unused]] const bool holds =
                co_await say(turn, pass.message, std::move(fresh), ledger);
            continue;
        }
        Outcome outcome = outcome_of(opened.error(), host, pass.now);
        if (outcome.cause == Cause::unreachable) {
            unreached.add(std::move(outcome));
        } else {
            unreached.reached(host);
            ledger.weigh(outcome);
        }
    }
    unreached.weigh_in(ledger);
    if (!way.missing.empty()) ledger.weigh(outcome_of(Cause::unresolved, way.missing));
}

// False: there was no conversation, or it turned out to be at its end, which says nothing about the
// host.
io::Task<bool> Attempt::over_kept(const Turn& turn, const Message& message, Ledger& ledger) {
    auto conversation = kept_.take(turn.target);
    if (!conversation) co_return false;
    Ledger tried = ledger;
    const bool holds = co_await say(turn, message, std::move(conversation), tried);
    if (!holds && tried.open().size() == ledger.open().size()) co_return false;
    ledger = std::move(tried);
    co_return true;
}

// Says the message over this conversation, then keeps or ends it. False: it did not hold.
io::Task<bool> Attempt::say(const Turn& turn,
                            const Message& message,
                            std::unique_ptr<relay::Conversation> conversation,
                            Ledger& ledger) {
    Transaction transaction{environment_.bounds, *conversation, turn.host, message, ledger};
    co_await transaction.run();
    const bool holds = conversation->state().can_start_transaction();
    kept_.keep(turn.target, std::move(conversation));
    co_return holds;
}

} // namespace postern::deliver
