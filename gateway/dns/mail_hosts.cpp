#include "gateway/dns/mail_hosts.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace postern::dns {
namespace {

bool begins_with_ipv6_tag(std::string_view text) {
    constexpr std::string_view tag = "ipv6:";
    return text.size() >= tag.size() &&
           std::ranges::equal(text.substr(0, tag.size()), tag, [](char one, char other) {
               return (one >= 'A' && one <= 'Z' ? one - 'A' + 'a' : one) == other;
           });
}

std::optional<gateway::IpAddress> address_of_literal(std::string_view literal) {
    if (literal.size() < 2 || literal.front() != '[' || literal.back() != ']') return std::nullopt;
    std::string_view inside = literal.substr(1, literal.size() - 2);
    const bool tagged = begins_with_ipv6_tag(inside);
    if (tagged) inside.remove_prefix(inside.find(':') + 1);
    if (tagged != inside.contains(':')) return std::nullopt;
    return gateway::IpAddress::parse(inside);
}

// A host that is listed twice counts where it is better.
void drop_doubles(std::vector<Mx>& records) {
    std::ranges::sort(records, {}, [](const Mx& mx) { return std::tie(mx.host, mx.preference); });
    const auto doubles = std::ranges::unique(records, {}, &Mx::host);
    records.erase(doubles.begin(), doubles.end());
}

void sort_and_shuffle(std::vector<Mx>& records, Shuffle& shuffle) {
    std::ranges::sort(records, {}, &Mx::preference);
    for (auto run = records.begin(); run != records.end();) {
        const auto next =
            std::find_if(run, records.end(), [preference = run->preference](const Mx& mx) {
                return mx.preference != preference;
            });
        std::shuffle(run, next, shuffle);
        run = next;
    }
}

} // namespace

bool Ourselves::named(std::string_view host) const { return host == host_name(hostname); }

bool Ourselves::at(const std::vector<gateway::IpAddress>& addresses) const {
    return std::ranges::any_of(addresses, [this](const gateway::IpAddress& address) {
        return std::ranges::any_of(
            networks, [&](const gateway::Network& network) { return network.contains(address); });
    });
}

std::expected<std::vector<Mx>, Cause>
hosts_to_try(std::vector<Mx> records, const Ourselves& ourselves, Shuffle& shuffle) {
    const auto removed = std::erase_if(records, [](const Mx& mx) { return mx.host.empty(); });
    // Beside other records a null MX is a mistake, RFC 7505 3; those others then count.
    if (records.empty()) return std::unexpected(removed > 0 ? Cause::null_mx : Cause::unusable);

    drop_doubles(records);
    sort_and_shuffle(records, shuffle);
    const auto self =
        std::ranges::find_if(records, [&](const Mx& mx) { return ourselves.named(mx.host); });
    if (self != records.end()) {
        const auto preference = self->preference;
        std::erase_if(records, [=](const Mx& mx) { return mx.preference >= preference; });
    }
    if (records.empty()) return std::unexpected(Cause::loops_back);
    if (records.size() > hosts_max) records.resize(hosts_max);
    return records;
}

std::vector<gateway::IpAddress> in_turns(const std::vector<gateway::IpAddress>& ipv6,
                                         const std::vector<gateway::IpAddress>& ipv4) {
    std::vector<gateway::IpAddress> addresses;
    for (std::size_t at = 0; at < std::max(ipv6.size(), ipv4.size()); ++at) {
        if (at < ipv6.size()) addresses.push_back(ipv6[at]);
        if (at < ipv4.size()) addresses.push_back(ipv4[at]);
        if (addresses.size() >= addresses_per_host_max) break;
    }
    if (addresses.size() > addresses_per_host_max) addresses.resize(addresses_per_host_max);
    return addresses;
}

void cut_at_ourselves(std::vector<MailHost>& hosts, const Ourselves& ourselves) {
    const auto self = std::ranges::find_if(
        hosts, [&](const MailHost& host) { return ourselves.at(host.addresses); });
    if (self == hosts.end()) return;
    const auto preference = self->preference;
    std::erase_if(hosts, [=](const MailHost& host) { return host.preference >= preference; });
}

std::expected<MailHosts, Cause> hosts_of_literal(std::string_view literal,
                                                 const Ourselves& ourselves) {
    const auto address = address_of_literal(literal);
    if (!address) return std::unexpected(Cause::malformed);
    if (!is_somebodys(*address)) return std::unexpected(Cause::unusable);
    MailHosts found{.hosts = {}, .origin = Origin::literal};
    found.hosts.push_back({.name = std::string(literal), .addresses = {*address}});
    if (ourselves.at(found.hosts.front().addresses)) return std::unexpected(Cause::loops_back);
    return found;
}

} // namespace postern::dns
