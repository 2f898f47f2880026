#include "gateway/command/probing.h"

#include "gateway/achieved.h"
#include "gateway/io/task_group.h"
#include "gateway/relay/conversation.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace postern::command {
namespace {

using policy::Demand;
using policy::TlsVersion;

io::Task<void>
probe_address(relay::Environment& environment, relay::Target target, ProbedAddress& probed) {
    const io::Clock::time_point begin = environment.ring.now();
    const auto opened = co_await relay::Conversation::open(environment, target, nullptr);
    probed.took = std::chrono::duration_cast<io::Duration>(environment.ring.now() - begin);
    if (!opened) {
        probed.failure = opened.error();
        co_return;
    }
    probed.peer = *(*opened)->channel().peer();
    co_await (*opened)->quit();
}

relay::Target target_at(const dns::MailHost& host, const io::Endpoint& endpoint) {
    // Any TLS that we speak will do: what it is worth is what we want to know. And a failure is not
    // followed by a conversation in clear.
    return {.endpoint = endpoint,
            .server_name = host.name,
            .required = {.demand = Demand::tls, .floor = TlsVersion::none}};
}

} // namespace

bool ProbedAddress::reached() const {
    return !failure || failure->cause != relay::Cause::unreachable;
}

std::optional<bool> ProbedAddress::offers_tls() const {
    if (peer) return true;
    switch (failure->cause) {
    case relay::Cause::tls_missing: return failure->reply.code != 0; // offered, and then refused
    case relay::Cause::tls_failed:
    case relay::Cause::below_floor:
    case relay::Cause::not_trusted:
    case relay::Cause::expired:
    case relay::Cause::name_mismatch:
    case relay::Cause::our_tls: return true;
    case relay::Cause::none_usable:
    case relay::Cause::busy:
    case relay::Cause::unreachable:
    case relay::Cause::greeting:
    case relay::Cause::lost:
    case relay::Cause::silent:
    case relay::Cause::malformed: return std::nullopt;
    }
    return std::nullopt;
}

Demand ProbedAddress::meets(TlsVersion floor) const {
    if (!peer) return Demand::none;
    const policy::Achieved achieved = gateway::achieved_by(*peer);
    return policy::meets(achieved, achieved.level, floor) ? achieved.level : Demand::none;
}

Soundness ProbedHost::soundness() const {
    if (std::ranges::none_of(addresses, &ProbedAddress::reached)) return Soundness::unreachable;
    const bool sound = std::ranges::all_of(addresses, [](const ProbedAddress& address) {
        return !address.reached() || address.meets(TlsVersion::tls_1_2) == Demand::tls_trusted_host;
    });
    return sound ? Soundness::sound : Soundness::falls_short;
}

bool Probed::sound() const {
    return !hosts.empty() && std::ranges::all_of(hosts, [](const ProbedHost& host) {
        return host.soundness() == Soundness::sound;
    });
}

io::Task<std::vector<ProbedHost>>
probe_hosts(relay::Environment& environment, std::vector<dns::MailHost> hosts, std::uint16_t port) {
    std::vector<ProbedHost> probed;
    probed.reserve(hosts.size());
    for (const dns::MailHost& host : hosts) {
        probed.push_back({.name = host.name,
                          .preference = host.preference,
                          .dnssec = host.dnssec,
                          .addresses = std::vector<ProbedAddress>(host.addresses.size())});
    }
    // Filled in where they are, which they keep until all have ended.
    io::TaskGroup conversations{environment.ring};
    for (std::size_t at = 0; at < hosts.size(); ++at) {
        for (std::size_t which = 0; which < hosts[at].addresses.size(); ++which) {
            ProbedAddress& address = probed[at].addresses[which];
            const auto endpoint = io::Endpoint::parse(hosts[at].addresses[which].text(), port);
            address.endpoint = endpoint->text();
            conversations.spawn(
                probe_address(environment, target_at(hosts[at], *endpoint), address));
        }
    }
    constexpr io::Duration look = std::chrono::minutes{1}; // each ends by itself
    for (bool ended = false; !ended;) {
        ended = co_await conversations.ended(look);
    }
    co_return probed;
}

} // namespace postern::command
