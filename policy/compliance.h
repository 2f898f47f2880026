#pragma once

#include "policy/address_list.h"
#include "policy/demand.h"
#include "policy/organization.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::policy {

enum class Direction : std::uint8_t { inbound, outbound };

/// The `directions` of a setting.
struct Directions {
    bool inbound = false;
    bool outbound = false;
    bool outbound_marked = false; // only for mail that something else marks as to be secured
};

enum class Mode : std::uint8_t {
    enforce,
    report, // decide, log and count, but never act
    off,
};

enum class OnTlsFailure : std::uint8_t { bounce, retry };

/// A rule who must use TLS (`[[tls_compliance]]`). Owned by the snapshot, and lives as long as it
/// does.
struct Setting {
    std::string name;
    std::string description;
    const Organization* organization = nullptr; // null: applies to everybody
    Directions directions;
    std::vector<const AddressList*> address_lists;
    bool require_trusted_certificate = false;
    bool validate_certificate_hostname = false; // only with the one above
    TlsVersion minimum_tls_version = TlsVersion::tls_1_2;
    bool refuse_at_mail = false;
    OnTlsFailure on_tls_failure = OnTlsFailure::bounce;
    Mode mode = Mode::enforce;

    /// What it demands of a hop. Inbound it is never more than TLS: clients need not present a
    /// certificate.
    [[nodiscard]] Required required(Direction direction) const {
        return Required{.demand = direction == Direction::inbound ? Demand::tls : demand(),
                        .floor = minimum_tls_version};
    }
    [[nodiscard]] Demand demand() const {
        if (!require_trusted_certificate) return Demand::tls;
        return validate_certificate_hostname ? Demand::tls_trusted_host : Demand::tls_trusted;
    }
};

[[nodiscard]] constexpr std::string_view text(Direction direction) {
    return direction == Direction::inbound ? "inbound" : "outbound";
}

[[nodiscard]] constexpr std::string_view text(Mode mode) {
    switch (mode) {
    case Mode::enforce: return "enforce";
    case Mode::report: return "report";
    case Mode::off: return "off";
    }
    return "off";
}

} // namespace postern::policy
