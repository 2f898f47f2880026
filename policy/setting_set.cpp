#include "policy/setting_set.h"

#include <algorithm>
#include <utility>

namespace postern::policy {
namespace {

void take(Demanded& demanded, const Match& match, Direction direction) {
    demanded.required.raise(match.setting->required(direction));
    const bool retry = match.setting->on_tls_failure == OnTlsFailure::retry &&
                       (demanded.matches.empty() || demanded.on_tls_failure == OnTlsFailure::retry);
    demanded.on_tls_failure = retry ? OnTlsFailure::retry : OnTlsFailure::bounce;
    demanded.matches.push_back(match);
}

bool applies(const Setting& setting, Direction direction, Marked marked) {
    if (direction == Direction::inbound) return setting.directions.inbound;
    return setting.directions.outbound ||
           (setting.directions.outbound_marked && marked == Marked::yes);
}

} // namespace

SettingSet::SettingSet(std::vector<const Setting*> settings, Direction direction)
    : settings_(std::move(settings)), direction_(direction) {
    for (const Setting* setting : settings_) {
        if (setting->mode != Mode::enforce) continue;
        strictest_.raise(setting->required(direction));
        refuses_at_mail_ |= setting->refuse_at_mail;
    }
}

std::optional<Match> SettingSet::match(const Setting& setting, const AddressKey& key) {
    for (const AddressList* list : setting.address_lists) {
        if (const auto entry = list->find(key))
            return Match{.setting = &setting, .list = list, .entry = *entry};
    }
    return std::nullopt;
}

Requirement SettingSet::requirement(std::span<const Address> addresses, Marked marked) const {
    std::vector<Match> matches;
    for (const Address& address : addresses) {
        const AddressKey key(address);
        for (const Setting* setting : settings_) {
            if (!applies(*setting, direction_, marked)) continue;
            if (std::ranges::find(matches, setting, &Match::setting) != matches.end()) continue;
            if (const auto found = match(*setting, key)) matches.push_back(*found);
        }
    }
    Requirement requirement;
    if (matches.empty()) return requirement;
    for (const Setting* setting : settings_) { // in the order of the file, whoever matched first
        const auto found = std::ranges::find(matches, setting, &Match::setting);
        if (found == matches.end()) continue;
        const bool enforced = setting->mode == Mode::enforce;
        take(enforced ? requirement.enforced : requirement.reported, *found, direction_);
    }
    return requirement;
}

std::optional<Match> SettingSet::refusal_at_mail(const Address& envelope_sender) const {
    if (envelope_sender.empty() || !refuses_at_mail_) return std::nullopt;
    const AddressKey key(envelope_sender);
    for (const Setting* setting : settings_) {
        if (!setting->refuse_at_mail || setting->mode != Mode::enforce) continue;
        if (const auto found = match(*setting, key)) return found;
    }
    return std::nullopt;
}

} // namespace postern::policy
