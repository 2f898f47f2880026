#include "policy/resolve.h"

#include "policy/quantity.h"
#include "policy/sentence.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace postern::policy {
namespace {

std::string at(std::string_view file, Place place) {
    return sentence({file, ":", std::to_string(place.line)});
}

/// The things of one kind by their names.
template<typename Thing>
class Names {
public:
    Names(std::string_view kind, Mistakes& mistakes) : kind_(kind), mistakes_(mistakes) {}

    void add(const Text& name, const std::string& file, Thing* thing) {
        if (name.value.empty()) return; // recorded already
        const auto [other, is_new] =
            rows_.try_emplace(name.value, Row{.thing = thing, .where = at(file, name.place)});
        if (is_new) return;
        mistakes_.error(
            file,
            name.place,
            sentence({kind_, " \"", name.value, "\" exists already, at ", other->second.where}));
    }

    /// Null: recorded, or the word is empty.
    [[nodiscard]] Thing* find(const Text& word, const std::string& file) {
        if (word.value.empty()) return nullptr;
        const auto found = rows_.find(word.value);
        if (found != rows_.end()) return found->second.thing;
        std::vector<std::string_view> known;
        known.reserve(rows_.size());
        for (const auto& [name, row] : rows_)
            known.emplace_back(name);
        std::ranges::sort(known);
        const std::string_view meant = nearest(word.value, known);
        std::string message = sentence({"there is no ", kind_, " \"", word.value, "\""});
        if (!meant.empty()) message += sentence({"; did you mean \"", meant, "\"?"});
        mistakes_.error(file, word.place, std::move(message));
        return nullptr;
    }

private:
    struct Row {
        Thing* thing;
        std::string where;
    };
    std::string_view kind_;
    Mistakes& mistakes_;
    std::unordered_map<std::string, Row> rows_;
};

/// What may be given once only, and where it was.
class Once {
public:
    explicit Once(Mistakes& mistakes) : mistakes_(mistakes) {}

    /// False: recorded. `owner` is who has it: `the organization "example"`.
    [[nodiscard]] bool
    add(const std::string& what, const std::string& owner, const std::string& file, Place place) {
        const auto [other, is_new] = owners_.try_emplace(what, owner + ", " + at(file, place));
        if (is_new) return true;
        mistakes_.error(file, place, sentence({what, " belongs to ", other->second, " already"}));
        return false;
    }

private:
    Mistakes& mistakes_;
    std::unordered_map<std::string, std::string> owners_;
};

class Resolver {
public:
    Resolver(const Draft& draft, Mistakes& mistakes, Mistakes& unrouted)
        : draft_(draft), mistakes_(mistakes), unrouted_(unrouted) {}

    Parts resolve(std::vector<std::unique_ptr<const AddressList>> lists) {
        parts_.lists = std::move(lists);
        for (std::size_t index = 0; index < draft_.lists.size(); ++index) {
            const ListDraft& list = draft_.lists[index];
            lists_.add(list.name, list.file, parts_.lists[index].get());
        }
        make_routes();
        make_organizations();
        make_settings();
        make_routing();
        warn_of_unused_lists();
        return std::move(parts_);
    }

private:
    void make_routes();
    void make_organizations();
    void read_domains(const OrganizationDraft& draft, Organization& organization, Once& owners);
    void read_addresses(const OrganizationDraft& draft, Organization& organization, Once& owners);
    void link_parents(const std::vector<std::unique_ptr<Organization>>& organizations);
    void check_route(std::string_view domain, const std::string& file, Place place);
    void make_settings();
    void make_routing();
    void warn_of_unused_lists();
    std::vector<const AddressList*> lists_of(const std::vector<Text>& words,
                                             const std::string& file);

    const Draft& draft_;
    Mistakes& mistakes_;
    Mistakes& unrouted_;
    Parts parts_;
    Names<const AddressList> lists_{"list", mistakes_};
    Names<const Route> routes_{"route", mistakes_};
    Names<Organization> organizations_{"organization", mistakes_};
    std::unordered_set<std::string> routed_domains_; // "*" too
    std::unordered_set<const AddressList*> used_lists_;
    bool marks_ = false; // some rule or route demands secure transport
};

void Resolver::make_routes() {
    Once owners(mistakes_);
    for (const RouteDraft& draft : draft_.routes) {
        auto route = std::make_unique<Route>(draft.values);
        route->name = draft.name.value;
        for (const Text& word : draft.domains) {
            auto domain = word.value == "*" ? std::expected<std::string, AddressError>("*")
                                            : canonical_domain(word.value);
            if (!domain) {
                mistakes_.error(
                    draft.file,
                    word.place,
                    sentence({"\"",
                              word.value,
                              "\" is no domain; a route names each domain, or all with \"*\""}));
                continue;
            }
            const std::string owner = sentence({"the route \"", draft.name.value, "\""});
            if (!owners.add(*domain, owner, draft.file, word.place)) continue;
            routed_domains_.insert(*domain);
            route->domains.push_back(std::move(*domain));
        }
        marks_ |= route->tls_required;
        routes_.add(draft.name, draft.file, route.get());
        parts_.routes.push_back(std::move(route));
    }
}

void Resolver::make_organizations() {
    Once owners(mistakes_);
    std::vector<std::unique_ptr<Organization>> made;
    for (const OrganizationDraft& draft : draft_.organizations) {
        auto& organization = *made.emplace_back(std::make_unique<Organization>());
        organization.name = draft.name.value;
        organizations_.add(draft.name, draft.file, &organization);
        read_domains(draft, organization, owners);
        read_addresses(draft, organization, owners);
    }
    link_parents(made);
    for (auto& organization : made)
        parts_.organizations.push_back(std::move(organization));
}

void Resolver::read_domains(const OrganizationDraft& draft,
                            Organization& organization,
                            Once& owners) {
    const std::string owner = sentence({"the organization \"", draft.name.value, "\""});
    for (const Text& word : draft.domains) {
        auto domain = canonical_domain(word.value);
        if (!domain) {
            mistakes_.error(draft.file,
                            word.place,
                            sentence({"\"",
                                      word.value,
                                      "\" is no domain; an organization names each domain of it"}));
            continue;
        }
        if (!owners.add(*domain, owner, draft.file, word.place)) continue;
        check_route(*domain, draft.file, word.place);
        organization.domains.push_back(std::move(*domain));
    }
}

void Resolver::read_addresses(const OrganizationDraft& draft,
                              Organization& organization,
                              Once& owners) {
    const std::string owner = sentence({"the organization \"", draft.name.value, "\""});
    for (const Text& word : draft.addresses) {
        auto address = Address::parse(word.value);
        if (!address) {
            mistakes_.error(
                draft.file,
                word.place,
                sentence({"\"", word.value, "\" is no address: it ", text(address.error())}));
            continue;
        }
        if (!owners.add(std::string(address->text()), owner, draft.file, word.place)) continue;
        check_route(address->domain(), draft.file, word.place);
        organization.addresses.push_back(std::move(*address));
    }
}

void Resolver::check_route(std::string_view domain, const std::string& file, Place place) {
    if (routed_domains_.contains(std::string(domain)) || routed_domains_.contains("*")) return;
    unrouted_.error(file, place, sentence({"no route has the domain ", domain}));
}

void Resolver::link_parents(const std::vector<std::unique_ptr<Organization>>& organizations) {
    for (std::size_t index = 0; index < organizations.size(); ++index) {
        const OrganizationDraft& draft = draft_.organizations[index];
        Organization& organization = *organizations[index];
        organization.parent = organizations_.find(draft.parent, draft.file);
        // All parents but this one are known to end: a cycle closes here or nowhere.
        const Organization* above = organization.parent;
        while (above != nullptr && above != &organization)
            above = above->parent;
        if (above == nullptr) continue;
        organization.parent = nullptr;
        mistakes_.error(
            draft.file,
            draft.parent.place,
            sentence({"the organization \"", organization.name, "\" would be its own ancestor"}));
    }
}

std::vector<const AddressList*> Resolver::lists_of(const std::vector<Text>& words,
                                                   const std::string& file) {
    std::vector<const AddressList*> lists;
    for (const Text& word : words) {
        const AddressList* const list = lists_.find(word, file);
        if (word.value.empty()) mistakes_.error(file, word.place, "the name of a list is empty");
        if (list == nullptr) continue;
        used_lists_.insert(list);
        if (std::ranges::find(lists, list) == lists.end()) {
            lists.push_back(list);
        } else {
            mistakes_.warning(file, word.place, sentence({"\"", word.value, "\" is given twice"}));
        }
    }
    return lists;
}

void Resolver::make_settings() {
    marks_ |= std::ranges::any_of(draft_.routing, &RoutingDraft::require_secure_transport);
    std::unordered_map<std::string, Names<const Setting>> by_organization;
    for (const SettingDraft& draft : draft_.settings) {
        auto setting = std::make_unique<Setting>(draft.values);
        setting->name = draft.name.value;
        setting->organization = organizations_.find(draft.organization, draft.file);
        setting->address_lists = lists_of(draft.address_lists, draft.file);
        by_organization.try_emplace(draft.organization.value, "setting", mistakes_)
            .first->second.add(draft.name, draft.file, setting.get());
        const Directions& directions = setting->directions;
        const bool only_marked =
            directions.outbound_marked && !directions.outbound && setting->mode != Mode::off;
        if (only_marked && !marks_)
            mistakes_.warning(
                draft.file,
                draft.name.place,
                "outbound-marked has no effect: no routing rule and no route requires "
                "secure transport");
        parts_.settings.push_back(std::move(setting));
    }
}

void Resolver::make_routing() {
    Names<const RoutingRule> names("routing rule", mistakes_);
    for (const RoutingDraft& draft : draft_.routing) {
        auto rule = std::make_unique<RoutingRule>();
        rule->name = draft.name.value;
        rule->senders = lists_of(draft.senders, draft.file);
        rule->recipients = lists_of(draft.recipients, draft.file);
        rule->header = draft.header;
        rule->require_secure_transport = draft.require_secure_transport;
        rule->route = routes_.find(draft.route, draft.file);
        names.add(draft.name, draft.file, rule.get());
        parts_.routing.push_back(std::move(rule));
    }
}

void Resolver::warn_of_unused_lists() {
    for (std::size_t index = 0; index < draft_.lists.size(); ++index) {
        const ListDraft& draft = draft_.lists[index];
        if (draft.name.value.empty() || used_lists_.contains(parts_.lists[index].get())) continue;
        mistakes_.warning(draft.file,
                          draft.name.place,
                          sentence({"nothing uses the list \"", draft.name.value, "\""}));
    }
}

} // namespace

Parts resolve(const Draft& draft,
              std::vector<std::unique_ptr<const AddressList>> lists,
              Mistakes& mistakes,
              Mistakes& unrouted) {
    return Resolver(draft, mistakes, unrouted).resolve(std::move(lists));
}

} // namespace postern::policy
