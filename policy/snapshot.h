#pragma once

#include "policy/address.h"
#include "policy/address_list.h"
#include "policy/compliance.h"
#include "policy/demand.h"
#include "policy/organization.h"
#include "policy/route.h"
#include "policy/setting_set.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace postern::policy {

/// What a snapshot consists of, as the loader has read it. Pointers between the parts point into
/// them, so each part is a unique_ptr and stays where it is.
struct Parts {
    std::vector<std::unique_ptr<const Organization>> organizations;
    std::vector<std::unique_ptr<const AddressList>> lists;
    std::vector<std::unique_ptr<const Setting>> settings;
    std::vector<std::unique_ptr<const Route>> routes;
    std::vector<std::unique_ptr<const RoutingRule>> routing;
};

/// Numbers for `postern status` and the metrics.
struct Counts {
    std::size_t organizations = 0;
    std::size_t lists = 0;
    std::size_t entries = 0; // of all lists together
    std::size_t settings = 0;
    std::size_t routes = 0;
    std::size_t list_bytes = 0;
};

/// The policy as it was at one moment. Made by `load`, then never changed: any thread may read it,
/// and it is the one thing that cores share. Every pointer, reference and view that it hands out
/// lives as long as the snapshot. All names passed in are canonical (Address, canonical_domain).
/// Only a match allocates.
class Snapshot {
public:
    Snapshot(Parts parts, std::uint64_t generation);
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;
    ~Snapshot() = default;

    /// Whose address it is: by the address itself, else by its domain. Null: nobody's of ours.
    [[nodiscard]] const Organization* organization_of(const Address& address) const;

    /// Whether mail for it is ours to take: it belongs to an organization, or a route names its
    /// domain. A route for "*" makes no domain ours: that would be an open relay.
    [[nodiscard]] bool is_ours(const Address& address) const;
    [[nodiscard]] bool is_our_domain(std::string_view domain) const;

    /// By exact domain, else the route for "*", else null.
    [[nodiscard]] const Route* route_for(std::string_view domain) const;
    [[nodiscard]] const Route* route_named(std::string_view name) const;

    /// Inbound: the settings that apply to a recipient. Two recipients are judged alike exactly if
    /// both get the same object. Those of an unknown recipient are `inbound_settings_of_all`.
    [[nodiscard]] const SettingSet& inbound_settings(const Address& recipient) const;
    /// The settings without an organization.
    [[nodiscard]] const SettingSet& inbound_settings_of_all() const {
        return *sets_of_all_.inbound;
    }

    /// Inbound: what mail with these From: mailboxes must achieve (COMPLIANCE, "Whom a setting
    /// matches").
    [[nodiscard]] Requirement inbound_requirement(std::span<const Address> from,
                                                  const SettingSet& settings) const;

    /// COMPLIANCE I7: the enforced setting with `refuse_at_mail` that has the envelope sender on a
    /// list.
    [[nodiscard]] std::optional<Match> refusal_at_mail(const Address& envelope_sender,
                                                       const SettingSet& settings) const;

    /// Outbound: the settings that apply to mail of an envelope sender.
    [[nodiscard]] const SettingSet& outbound_settings(const Address& envelope_sender) const;
    /// Outbound: what the hop must achieve for one recipient.
    [[nodiscard]] Requirement outbound_requirement(const Address& envelope_sender,
                                                   const Address& recipient,
                                                   Marked marked) const;

    [[nodiscard]] std::span<const std::unique_ptr<const RoutingRule>> routing() const {
        return parts_.routing;
    }
    [[nodiscard]] const Parts& parts() const { return parts_; }
    [[nodiscard]] Counts counts() const;
    [[nodiscard]] std::uint64_t generation() const { return generation_; }

private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return static_cast<std::size_t>(AddressTable::hash(text));
        }
    };
    template<typename Value>
    using ByText = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

    struct SetsOfOrganization {
        const SettingSet* inbound = nullptr;
        const SettingSet* outbound = nullptr;
    };

    void index_names();
    void make_sets();
    [[nodiscard]] const SetsOfOrganization& sets_for(const Address& ours) const;
    [[nodiscard]] std::vector<const Setting*>
    effective_settings(const Organization* organization) const;
    [[nodiscard]] const SettingSet* set_of(std::vector<const Setting*> settings,
                                           Direction direction);

    Parts parts_;
    std::uint64_t generation_ = 0;
    ByText<const Organization*> organization_by_domain_;
    ByText<const Organization*> organization_by_address_;
    ByText<const Route*> route_by_domain_;
    ByText<const Route*> route_by_name_;
    const Route* route_of_others_ = nullptr;
    std::vector<std::unique_ptr<const SettingSet>> sets_; // equal ones are one object
    std::unordered_map<const Organization*, SetsOfOrganization> sets_by_organization_;
    SetsOfOrganization sets_of_all_;
};

} // namespace postern::policy
