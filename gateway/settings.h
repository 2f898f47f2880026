#pragma once

#include "gateway/cidr.h"
#include "gateway/limits.h"
#include "policy/demand.h"
#include "policy/document.h"
#include "policy/mistake.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// postern.toml as values: what this host is, as opposed to what the policy demands.

namespace postern::gateway {

enum class Direction : std::uint8_t { inbound, outbound };
[[nodiscard]] std::string_view text(Direction direction);
enum class ListenerTls : std::uint8_t { starttls, implicit, off };
enum class LogLevel : std::uint8_t { error, warning, info, debug };
enum class Language : std::uint8_t { english, japanese };

/// `[[listener]]`. Listeners are the same one before and after a reload if their addresses are.
struct ListenerSettings {
    std::string name;
    std::string address; // in its one spelling: `[::]:25`
    policy::Place address_place;
    Direction direction = Direction::inbound;
    ListenerTls tls = ListenerTls::starttls;
    bool require_tls = false;
    bool proxy_protocol = false;
    std::vector<Network> proxies; // who may say PROXY
    std::vector<Network> clients; // outbound: who may submit

    /// Whether a PROXY header that comes from this address is believed.
    [[nodiscard]] bool may_proxy(std::string_view client_address) const;
    /// Whether mail to outside is taken from this address.
    [[nodiscard]] bool may_submit(std::string_view client_address) const;
};

/// `[[certificate]]`: two PEM files, not opened yet, and where they are named.
struct CertificateSettings {
    std::string chain;
    std::string key;
    policy::Place chain_place;
    policy::Place key_place;
};

struct TlsSettings {
    policy::TlsVersion minimum_version = policy::TlsVersion::tls_1_2;
    policy::Place minimum_version_place;
    std::string trust_store = "/etc/ssl/certs/ca-certificates.crt";
    policy::Place trust_store_place;
    std::chrono::milliseconds ticket_rotation = std::chrono::hours{1};
};

struct DnsSettings {
    std::vector<IpEndpoint> servers; // empty: the system's
    std::string trust_anchor = "/usr/share/dns/root.key";
    bool refuse_bogus = false; // else an answer that fails the proof counts as without one
};

/// `[delivery]`: how mail leaves.
struct DeliverySettings {
    std::string alternate_secure_route;         // a route's name; "": none (COMPLIANCE O12)
    std::uint16_t port = 25;                    // of mail hosts that MX records name
    std::uint32_t concurrency = 500;            // messages in hand, of one core
    std::uint32_t destination_concurrency = 20; // deliveries to one place, of one core
    // After the first attempts one each; the last one repeats.
    std::vector<std::chrono::milliseconds> retry{std::chrono::minutes{5},
                                                 std::chrono::minutes{10},
                                                 std::chrono::minutes{20},
                                                 std::chrono::minutes{40},
                                                 std::chrono::hours{1}};
    std::chrono::milliseconds warning = std::chrono::hours{4}; // 0: no report of delay
    std::chrono::milliseconds expiry = std::chrono::days{5};

    bool operator==(const DeliverySettings&) const = default;
};

/// All of postern.toml. A plain value; paths in it stand on their own, whatever the working
/// directory of those who wrote them.
struct Settings {
    std::string file; // the name that the places here refer to
    std::string hostname;
    std::string policy;
    policy::Place policy_place;
    std::string state_directory = "/var/lib/postern";
    unsigned cores = 0;                                         // 0: one event loop per CPU
    std::chrono::milliseconds drain = std::chrono::seconds{30}; // drain_seconds
    Language report_language = Language::english;
    std::vector<ListenerSettings> listeners;
    std::vector<CertificateSettings> certificates;
    TlsSettings tls;
    DnsSettings dns;
    Limits limits;
    Timeouts timeouts;
    DeliverySettings delivery;
    std::string admin_address = "127.0.0.1:8025"; // "": none
    LogLevel log_level = LogLevel::info;
};

/// Where the queue of outbound mail is.
[[nodiscard]] std::string spool_directory(const Settings& settings);

/// What came of reading postern.toml.
struct LoadedSettings {
    /// To run with only when usable(). Otherwise what could be understood, so that `check` can go
    /// on and look at the policy and the certificates too.
    Settings settings;
    policy::Mistakes mistakes; // warnings too; by line and column

    [[nodiscard]] bool usable() const { return mistakes.errors() == 0; }
};

/// Reads the file and judges every key. Opens no other file: whether policy and certificates exist
/// is found out by those who load them.
[[nodiscard]] LoadedSettings load_settings(const std::string& path);
[[nodiscard]] LoadedSettings settings_from(std::string_view text, const std::string& file);

} // namespace postern::gateway
