#include "gateway/deliver/finder.h"

#include <algorithm>
#include <utility>

namespace postern::deliver {
namespace {

Cause cause_of(dns::Cause cause) {
    switch (cause) {
    case dns::Cause::null_mx: return Cause::takes_no_mail;
    case dns::Cause::malformed:
    case dns::Cause::no_such_domain:
    case dns::Cause::no_host:
    case dns::Cause::unusable:
    case dns::Cause::loops_back: return Cause::no_such_domain;
    case dns::Cause::server_failed:
    case dns::Cause::bogus:
    case dns::Cause::timed_out: return Cause::unresolved;
    case dns::Cause::cancelled:
    case dns::Cause::ours: return Cause::ours;
    }
    return Cause::unresolved;
}

std::string told_of(const dns::DnsFailure& failure) {
    std::string told{dns::text(failure.cause)};
    if (!failure.detail.empty()) told += ": " + failure.detail;
    return told;
}

Outcome outcome_of(const dns::DnsFailure& failure) {
    Outcome outcome = deliver::outcome_of(cause_of(failure.cause), told_of(failure));
    const std::string status{dns::enhanced_status(failure.cause)};
    const smtp::EnhancedCode code = smtp::find_enhanced_code(status + ' ').code;
    if (code.present()) outcome.status = code;
    return outcome;
}

// Takes one out: each as likely as its weight, a backup only when nothing else is left.
const policy::RouteHost& draw(std::vector<const policy::RouteHost*>& left, Finder::Random& random) {
    const auto weight_of = [](const policy::RouteHost* host) {
        return host->backup ? 0U : unsigned{host->weight};
    };
    unsigned sum = 0;
    for (const policy::RouteHost* host : left) {
        sum += weight_of(host);
    }
    auto chosen = left.begin();
    if (sum > 0) {
        unsigned drawn = static_cast<unsigned>(random() % sum);
        for (; drawn >= weight_of(*chosen); ++chosen) {
            drawn -= weight_of(*chosen);
        }
    }
    const policy::RouteHost& host = **chosen;
    left.erase(chosen);
    return host;
}

} // namespace

io::Task<std::expected<Destination, Outcome>> Finder::find(const Course& course) {
    auto way = co_await way_of(course.route, course.domain);
    if (!way) co_return std::unexpected{std::move(way.error())};
    way->required = course.demanded.required;
    Destination destination{.way = std::move(*way),
                            .alternate = std::nullopt,
                            .on_tls_failure = course.demanded.on_tls_failure};
    const std::string& name = configuration_.settings.delivery.alternate_secure_route;
    const policy::Route* const route =
        name.empty() ? nullptr : configuration_.policy->route_named(name);
    if (route == nullptr || route == course.route ||
        course.demanded.required.demand == policy::Demand::none)
        co_return destination;
    auto alternate = co_await way_of(route, course.domain);
    if (!alternate) {
        // Mail that may go by it later is not returned now.
        if (is_passing(alternate.error().cause)) destination.way.missing = alternate.error().detail;
        co_return destination;
    }
    alternate->required = {.demand = std::max(route->demand(), policy::Demand::tls),
                           .floor = policy::TlsVersion::none};
    destination.alternate = std::move(*alternate);
    co_return destination;
}

io::Task<std::expected<Way, Outcome>> Finder::way_of(const policy::Route* route,
                                                     const std::string& domain) {
    if (route == nullptr || route->mx) co_return co_await mail_hosts(domain);
    std::vector<Host> hosts = named_by(*route);
    if (hosts.empty()) {
        co_return std::unexpected{deliver::outcome_of(
            Cause::unresolved, "no host of the route " + route->name + " has a known address")};
    }
    co_return Way{.hosts = std::move(hosts), .required = {}};
}

// By weight and chance, backups last; the addresses of one host one after the other.
std::vector<Host> Finder::named_by(const policy::Route& route) {
    std::vector<const policy::RouteHost*> left;
    left.reserve(route.hosts.size());
    for (const policy::RouteHost& host : route.hosts) {
        left.push_back(&host);
    }
    std::vector<Host> hosts;
    while (!left.empty()) {
        const policy::RouteHost& host = draw(left, random_);
        for (const io::Endpoint& address : configuration_.addresses.of(host.address)) {
            const auto endpoint = io::Endpoint::parse(address.address(), host.port);
            if (!endpoint) continue;
            hosts.push_back({.endpoint = *endpoint,
                             .name = route.server_name.empty() ? host.address : route.server_name});
        }
    }
    return hosts;
}

bool Finder::is_our_own(const std::string& domain) const {
    const auto address = policy::Address::of_mailbox("", domain);
    return configuration_.policy->organization_of(address) != nullptr;
}

io::Task<std::expected<Way, Outcome>> Finder::mail_hosts(const std::string& domain) {
    const auto found = co_await ask(domain);
    if (!found && found.error().cause == dns::Cause::loops_back && is_our_own(domain)) {
        co_return std::unexpected{deliver::outcome_of(
            Cause::ours,
            "mail for our own " + domain + " leads back to us; a route must say where it goes")};
    }
    if (!found) co_return std::unexpected{outcome_of(found.error())};
    Way way;
    if (found->missing) way.missing = told_of(*found->missing);
    for (const dns::MailHost& host : found->hosts) {
        for (const gateway::IpAddress& address : host.addresses) {
            const auto endpoint =
                io::Endpoint::parse(address.text(), configuration_.settings.delivery.port);
            if (endpoint) way.hosts.push_back({.endpoint = *endpoint, .name = host.name});
        }
    }
    co_return way;
}

// Once more when the configuration brings another resolver while this one searches.
io::Task<dns::Resolver::Found> Finder::ask(const std::string& domain) const {
    for (;;) {
        dns::Resolver* const asked = office_.resolver;
        if (asked == nullptr) {
            co_return std::unexpected{
                dns::DnsFailure{.cause = dns::Cause::ours, .detail = "no resolver of our own"}};
        }
        auto found = co_await asked->mail_hosts(domain);
        const bool was_ended = !found && found.error().cause == dns::Cause::cancelled;
        if (!was_ended || office_.resolver == asked) co_return found;
    }
}

} // namespace postern::deliver
