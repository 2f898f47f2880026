#pragma once

#include "policy/address_list.h"
#include "policy/compliance.h"
#include "policy/demand.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace postern::policy {

/// A setting that applies to a mail, and why. All of it lives as long as the snapshot.
struct Match {
    const Setting* setting = nullptr;
    const AddressList* list = nullptr; // the first of its lists that has the address
    std::string_view entry;            // as the list has it: "*.bank.example"

    friend bool operator==(const Match&, const Match&) = default;
};

/// What the matching settings together require: the strictest of each, in whatever order they come.
struct Demanded {
    Required required;
    OnTlsFailure on_tls_failure =
        OnTlsFailure::bounce;   // retry only if every matching setting says so
    std::vector<Match> matches; // one a setting, in the order of the file

    [[nodiscard]] bool met_by(Achieved achieved) const { return required.met_by(achieved); }
};

/// The two answers of the policy about one mail: what counts, and what settings in `mode =
/// "report"` would have required. The second is for the log and the counters only.
struct Requirement {
    Demanded enforced;
    Demanded reported;
};

/// Whether something else (a routing rule, a route) demands secure transport for an outbound mail.
enum class Marked : std::uint8_t { no, yes };

/// The settings that apply to an organization in one direction: its own and what it inherits,
/// without those that are off or overridden. Made by the snapshot; compared by identity.
class SettingSet {
public:
    SettingSet(std::vector<const Setting*> settings, Direction direction);

    [[nodiscard]] std::span<const Setting* const> settings() const { return settings_; }
    [[nodiscard]] bool empty() const { return settings_.empty(); }
    [[nodiscard]] Direction direction() const { return direction_; }

    /// What its enforced settings would require together of a mail that matches all of them (I8).
    [[nodiscard]] Required strictest() const { return strictest_; }

    /// What mail must achieve of which any of these addresses counts.
    [[nodiscard]] Requirement requirement(std::span<const Address> addresses, Marked marked) const;

    /// The first enforced setting with `refuse_at_mail` that has the envelope sender on a list.
    [[nodiscard]] std::optional<Match> refusal_at_mail(const Address& envelope_sender) const;

private:
    [[nodiscard]] static std::optional<Match> match(const Setting& setting, const AddressKey& key);

    std::vector<const Setting*> settings_;
    Direction direction_;
    Required strictest_;
    bool refuses_at_mail_ = false; // some setting of it does
};

} // namespace postern::policy
