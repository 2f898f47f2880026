#include "policy/snapshot.h"

#include <algorithm>
#include <utility>

namespace postern::policy {
namespace {

template<typename Value, typename Map>
Value found_in(const Map& map, std::string_view text, Value otherwise) {
    const auto found = map.find(text);
    return found == map.end() ? otherwise : found->second;
}

// 1 for a setting of the organization itself, more for each step up, 0 if it is not one of its
// ancestors. The settings of nobody in particular are above every root.
std::size_t distance(const Organization* organization, const Organization* owner) {
    std::size_t steps = 1;
    for (; organization != nullptr; organization = organization->parent, ++steps) {
        if (organization == owner) return steps;
    }
    return owner == nullptr ? steps : 0;
}

bool has_direction(const Setting& setting, Direction direction) {
    if (direction == Direction::inbound) return setting.directions.inbound;
    return setting.directions.outbound || setting.directions.outbound_marked;
}

} // namespace

Snapshot::Snapshot(Parts parts, std::uint64_t generation)
    : parts_(std::move(parts)), generation_(generation) {
    index_names();
    make_sets();
}

void Snapshot::index_names() {
    for (const auto& organization : parts_.organizations) {
        for (const std::string& domain : organization->domains)
            organization_by_domain_.emplace(domain, organization.get());
        for (const Address& address : organization->addresses)
            organization_by_address_.emplace(address.text(), organization.get());
    }
    for (const auto& route : parts_.routes) {
        route_by_name_.emplace(route->name, route.get());
        for (const std::string& domain : route->domains) {
            if (domain == "*") {
                route_of_others_ = route.get();
            } else {
                route_by_domain_.emplace(domain, route.get());
            }
        }
    }
}

void Snapshot::make_sets() {
    const auto sets_of = [&](const Organization* organization) {
        const std::vector<const Setting*> settings = effective_settings(organization);
        return SetsOfOrganization{.inbound = set_of(settings, Direction::inbound),
                                  .outbound = set_of(settings, Direction::outbound)};
    };
    sets_of_all_ = sets_of(nullptr);
    for (const auto& organization : parts_.organizations)
        sets_by_organization_.emplace(organization.get(), sets_of(organization.get()));
}

// COMPLIANCE, "Organization": of settings with one name, that of the nearest organization counts.
std::vector<const Setting*> Snapshot::effective_settings(const Organization* organization) const {
    std::unordered_map<std::string_view, std::size_t> nearest;
    for (const auto& setting : parts_.settings) {
        const std::size_t steps = distance(organization, setting->organization);
        if (steps == 0) continue;
        std::size_t& least = nearest.try_emplace(setting->name, steps).first->second;
        least = std::min(least, steps);
    }
    std::vector<const Setting*> effective;
    for (const auto& setting : parts_.settings) {
        const std::size_t steps = distance(organization, setting->organization);
        if (steps != 0 && steps == nearest.at(setting->name) && setting->mode != Mode::off)
            effective.push_back(setting.get());
    }
    return effective;
}

const SettingSet* Snapshot::set_of(std::vector<const Setting*> settings, Direction direction) {
    std::erase_if(settings,
                  [&](const Setting* setting) { return !has_direction(*setting, direction); });
    for (const auto& set : sets_) {
        if (set->direction() == direction && std::ranges::equal(set->settings(), settings))
            return set.get();
    }
    return sets_.emplace_back(std::make_unique<const SettingSet>(std::move(settings), direction))
        .get();
}

const Organization* Snapshot::organization_of(const Address& address) const {
    const Organization* const none = nullptr;
    if (!organization_by_address_.empty()) {
        const Organization* own = found_in(organization_by_address_, address.text(), none);
        if (own != nullptr) return own;
    }
    return found_in(organization_by_domain_, address.domain(), none);
}

bool Snapshot::is_ours(const Address& address) const {
    return organization_of(address) != nullptr || is_our_domain(address.domain());
}

bool Snapshot::is_our_domain(std::string_view domain) const {
    return organization_by_domain_.contains(domain) || route_by_domain_.contains(domain);
}

const Route* Snapshot::route_for(std::string_view domain) const {
    return found_in(route_by_domain_, domain, route_of_others_);
}

const Route* Snapshot::route_named(std::string_view name) const {
    const Route* const none = nullptr;
    return found_in(route_by_name_, name, none);
}

const Snapshot::SetsOfOrganization& Snapshot::sets_for(const Address& ours) const {
    const auto found = sets_by_organization_.find(organization_of(ours));
    return found == sets_by_organization_.end() ? sets_of_all_ : found->second;
}

const SettingSet& Snapshot::inbound_settings(const Address& recipient) const {
    return *sets_for(recipient).inbound;
}

Requirement Snapshot::inbound_requirement(std::span<const Address> from,
                                          const SettingSet& settings) const {
    return settings.requirement(from, Marked::no);
}

std::optional<Match> Snapshot::refusal_at_mail(const Address& envelope_sender,
                                               const SettingSet& settings) const {
    return settings.refusal_at_mail(envelope_sender);
}

const SettingSet& Snapshot::outbound_settings(const Address& envelope_sender) const {
    return *sets_for(envelope_sender).outbound;
}

Requirement Snapshot::outbound_requirement(const Address& envelope_sender,
                                           const Address& recipient,
                                           Marked marked) const {
    return outbound_settings(envelope_sender).requirement({&recipient, 1}, marked);
}

Counts Snapshot::counts() const {
    Counts counts{.organizations = parts_.organizations.size(),
                  .lists = parts_.lists.size(),
                  .entries = 0,
                  .settings = parts_.settings.size(),
                  .routes = parts_.routes.size(),
                  .list_bytes = 0};
    for (const auto& list : parts_.lists) {
        counts.entries += list->size();
        counts.list_bytes += list->bytes();
    }
    return counts;
}

} // namespace postern::policy
