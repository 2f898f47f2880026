#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::policy {

/// How secure a hop must be, or is. Ordered: each level includes the one before.
enum class Demand : std::uint8_t {
    none,
    tls,              // encrypted, with any certificate
    tls_trusted,      // and the certificate is signed by a CA in the trust store
    tls_trusted_host, // and it names the host
};

/// Ordered, so that a floor is one comparison. `none`: in clear, or no floor.
enum class TlsVersion : std::uint8_t { none, tls_1_0, tls_1_1, tls_1_2, tls_1_3 };

/// What a connection has proved.
struct Achieved {
    Demand level = Demand::none;
    TlsVersion version = TlsVersion::none;

    friend bool operator==(const Achieved&, const Achieved&) = default;
};

/// The whole rule. A session below the floor counts as one without TLS.
[[nodiscard]] constexpr bool meets(Achieved achieved, Demand demand, TlsVersion floor) {
    const bool counts = achieved.version != TlsVersion::none && achieved.version >= floor;
    return (counts ? achieved.level : Demand::none) >= demand;
}

/// A demand with its floor. Raising one by another gives what meets both, in whatever order.
struct Required {
    Demand demand = Demand::none;
    TlsVersion floor = TlsVersion::none;

    constexpr void raise(Required other) {
        demand = std::max(demand, other.demand);
        floor = std::max(floor, other.floor);
    }
    [[nodiscard]] constexpr bool met_by(Achieved achieved) const {
        return meets(achieved, demand, floor);
    }
    friend bool operator==(const Required&, const Required&) = default;
};

/// "none", "tls", "tls-trusted", "tls-trusted-host": as logs, metrics and `explain` spell it.
[[nodiscard]] constexpr std::string_view text(Demand demand) {
    switch (demand) {
    case Demand::none: return "none";
    case Demand::tls: return "tls";
    case Demand::tls_trusted: return "tls-trusted";
    case Demand::tls_trusted_host: return "tls-trusted-host";
    }
    return "none";
}

/// "none", "1.0" … "1.3": as configuration and logs spell it.
[[nodiscard]] constexpr std::string_view text(TlsVersion version) {
    switch (version) {
    case TlsVersion::none: return "none";
    case TlsVersion::tls_1_0: return "1.0";
    case TlsVersion::tls_1_1: return "1.1";
    case TlsVersion::tls_1_2: return "1.2";
    case TlsVersion::tls_1_3: return "1.3";
    }
    return "none";
}

/// The reverse of `text`.
[[nodiscard]] constexpr std::optional<TlsVersion> tls_version_of(std::string_view name) {
    for (const TlsVersion version : {TlsVersion::none,
                                     TlsVersion::tls_1_0,
                                     TlsVersion::tls_1_1,
                                     TlsVersion::tls_1_2,
                                     TlsVersion::tls_1_3}) {
        if (text(version) == name) return version;
    }
    return std::nullopt;
}

} // namespace postern::policy
