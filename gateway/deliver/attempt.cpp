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

Attempt::Attempt(relay::Environment& environment, Destination destination)
    : environment_(environment), destination_(secured(std::move(destination))) {
    assert(!destination_.way.hosts.empty());
    assert(!destination_.alternate || !destination_.alternate->hosts.empty());
}

io::Task<std::vector<Outcome>> Attempt::deliver(const Message& message,
                                                std::chrono::system_clock::time_point now) {
    Ledger ledger{message.recipients.size()};
    Pass over{.message = message, .now = now};
    over.without = co_await over_kept(message, ledger);
    co_await pass(destination_.way, over, ledger);
    Ledger fell_short = ledger.of_those_that_fell_short();
    if (destination_.alternate && fell_short.any_open()) {
        over.without = nullptr;
        co_await pass(*destination_.alternate, over, fell_short);
        ledger.take_from(fell_short);
    }
    co_return std::move(ledger).close(destination_.on_tls_failure);
}

// The host that was asked over the kept conversation; null: there was none, or it turned out to be
// at its end, which says nothing about the host.
io::Task<const Host*> Attempt::over_kept(const Message& message, Ledger& ledger) {
    Kept kept = std::exchange(kept_, {});
    if (kept.conversation == nullptr || !kept.conversation->silent()) co_return nullptr;
    const Host* const host = kept.host;
    Ledger tried = ledger;
    co_await say(message, std::move(kept), tried);
    if (kept_.conversation == nullptr && !tried.any_settled()) co_return nullptr;
    ledger = std::move(tried);
    co_return host;
}

io::Task<void> Attempt::pass(const Way& way, const Pass& pass, Ledger& ledger) {
    Unreached unreached;
    for (const Host& host : way.hosts) {
        if (!ledger.any_open()) break;
        if (&host == pass.without) continue;
        const relay::Target target{
            .endpoint = host.endpoint, .server_name = host.name, .required = way.required};
        auto opened = co_await relay::Conversation::open(environment_, target, nullptr);
        if (opened) {
            unreached.reached(host);
            Kept fresh{.conversation = std::move(*opened), .host = &host};
            co_await say(pass.message, std::move(fresh), ledger);
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

// Says the message over this conversation, then keeps or ends it.
io::Task<void> Attempt::say(const Message& message, Kept over, Ledger& ledger) {
    relay::Conversation& conversation = *over.conversation;
    Transaction transaction{environment_.bounds, conversation, *over.host, message, ledger};
    co_await transaction.run();
    const auto& hosts = destination_.way.hosts;
    const bool on_the_way = over.host >= hosts.data() && over.host < hosts.data() + hosts.size();
    if (on_the_way && conversation.state().can_start_transaction()) {
        std::swap(kept_, over);
    }
    if (over.conversation) co_await over.conversation->quit();
}

io::Task<void> Attempt::end() {
    const Kept kept = std::exchange(kept_, {});
    if (kept.conversation) co_await kept.conversation->quit();
}

} // namespace postern::deliver
