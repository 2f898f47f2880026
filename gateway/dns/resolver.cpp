#include "gateway/dns/resolver.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace postern::dns {
namespace {

using Outcome = Answer::Outcome;

// Why there is no answer; nothing when there is one, be it "none".
std::optional<Cause> cause_of(Outcome outcome) {
    switch (outcome) {
    case Outcome::records:
    case Outcome::no_records:
    case Outcome::no_such_name: return std::nullopt;
    case Outcome::server_failed: return Cause::server_failed;
    case Outcome::bogus: return Cause::bogus;
    case Outcome::timed_out: return Cause::timed_out;
    case Outcome::cancelled: return Cause::cancelled;
    case Outcome::ours: return Cause::ours;
    }
    return Cause::ours;
}

DnsFailure failure(Cause cause, const std::string& asked, const std::string& why = {}) {
    return {.cause = cause, .detail = why.empty() ? asked : asked + ": " + why};
}

std::vector<Mx> read_all_mx(const std::vector<std::string>& records) {
    std::vector<Mx> read;
    for (const std::string& record : records) {
        if (auto mx = read_mx(record)) read.push_back(std::move(*mx));
    }
    return read;
}

std::vector<gateway::IpAddress> read_addresses(const std::vector<std::string>& records) {
    std::vector<gateway::IpAddress> read;
    for (const std::string& record : records) {
        if (read.size() == addresses_per_host_max) break;
        if (const auto address = read_address(record)) read.push_back(*address);
    }
    return read;
}

// Both questions about one host, asked at once.
struct HostQuestions {
    HostQuestions(Questions& questions, const std::string& host, io::Duration wait)
        : ipv6(questions, host, RecordType::aaaa, wait)
        , ipv4(questions, host, RecordType::a, wait) {}

    Question ipv6;
    Question ipv4;
};

} // namespace

// What is known of a domain while its hosts' addresses are asked for.
struct Resolver::Search {
    std::string domain;
    io::Clock::time_point end;
    Origin origin = Origin::mx;
    Dnssec dnssec = Dnssec::insecure;
};

Resolver::Resolver(io::Ring& ring, std::unique_ptr<Context> context, ResolverSettings settings)
    : ring_(ring)
    , settings_(std::move(settings))
    , shuffle_(settings_.seed)
    , questions_(ring, std::move(context)) {}

// A task starts when it is awaited: by then the caller's text may be gone.
io::Task<Resolver::Found> Resolver::mail_hosts(std::string_view domain) {
    return search(std::string(domain));
}

io::Task<Resolver::Found> Resolver::host(std::string_view name) {
    return search_host(std::string(name));
}

io::Task<Resolver::Found> Resolver::search_host(std::string host) {
    auto name = host_name(host);
    if (!name) co_return std::unexpected(failure(Cause::malformed, {}));
    Search search{.domain = *name, .end = ring_.now() + settings_.wait, .origin = Origin::implicit};
    std::vector<Mx> alone{{.preference = 0, .host = std::move(*name)}};
    co_return co_await with_addresses(std::move(search), std::move(alone));
}

io::Task<Resolver::Found> Resolver::search(std::string domain) {
    if (domain.starts_with('[')) {
        auto found = hosts_of_literal(domain, settings_.ourselves);
        if (!found) co_return std::unexpected(failure(found.error(), {}));
        co_return std::move(*found);
    }
    const auto name = host_name(domain);
    if (!name) co_return std::unexpected(failure(Cause::malformed, {}));

    Search search{.domain = *name, .end = ring_.now() + settings_.wait};
    const Answer answer = co_await Question{questions_, *name, RecordType::mx, settings_.wait};
    const auto problem = cause_of(answer.outcome);
    if (problem) co_return std::unexpected(failure(*problem, *name + " MX", answer.why));
    if (answer.outcome == Outcome::no_such_name)
        co_return std::unexpected(failure(Cause::no_such_domain, *name));

    search.dnssec = answer.dnssec;
    std::vector<Mx> records = read_all_mx(answer.records);
    if (answer.outcome == Outcome::no_records) {
        search.origin = Origin::implicit;
        records.push_back({.preference = 0, .host = *name});
    }
    auto listed = hosts_to_try(std::move(records), settings_.ourselves, shuffle_);
    if (!listed) co_return std::unexpected(failure(listed.error(), *name));
    co_return co_await with_addresses(std::move(search), std::move(*listed));
}

io::Task<Resolver::Found> Resolver::with_addresses(Search search, std::vector<Mx> listed) {
    const auto left =
        std::max(std::chrono::ceil<io::Duration>(search.end - ring_.now()), io::Duration{1});
    std::vector<std::unique_ptr<HostQuestions>> asked;
    asked.reserve(listed.size());
    for (const Mx& mx : listed) {
        asked.push_back(std::make_unique<HostQuestions>(questions_, mx.host, left));
    }

    MailHosts found{.hosts = {}, .origin = search.origin, .dnssec = search.dnssec};
    for (std::size_t at = 0; at < listed.size(); ++at) {
        const Answer ipv6 = co_await asked[at]->ipv6;
        const Answer ipv4 = co_await asked[at]->ipv4;
        auto addresses = in_turns(read_addresses(ipv6.records), read_addresses(ipv4.records));
        if (addresses.empty()) {
            DnsFailure why = failure(Cause::no_host, listed[at].host);
            for (const Answer* const answer : {&ipv4, &ipv6}) {
                const auto problem = cause_of(answer->outcome);
                if (problem) why = failure(*problem, listed[at].host, answer->why);
            }
            if (temporary(why.cause) && !found.missing) found.missing = why;
            found.left_out.push_back({.name = std::move(listed[at].host),
                                      .preference = listed[at].preference,
                                      .failure = std::move(why)});
            continue;
        }
        found.hosts.push_back({.name = std::move(listed[at].host),
                               .preference = listed[at].preference,
                               .addresses = std::move(addresses),
                               .dnssec = std::min(ipv6.dnssec, ipv4.dnssec)});
    }
    const bool some = !found.hosts.empty();
    cut_at_ourselves(found.hosts, settings_.ourselves);
    if (!found.hosts.empty()) co_return found;
    // A better host than ourselves may be among those that could not be had now.
    if (found.missing) co_return std::unexpected(std::move(*found.missing));
    if (some) co_return std::unexpected(failure(Cause::loops_back, search.domain));
    const bool implicit = search.origin == Origin::implicit;
    co_return std::unexpected(failure(implicit ? Cause::no_host : Cause::unusable, search.domain));
}

} // namespace postern::dns
