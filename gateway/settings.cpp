#include "gateway/settings.h"

#include "gateway/settings_bounds.h"
#include "policy/domain.h"

#include <algorithm>
#include <array>
#include <expected>
#include <optional>
#include <utility>

namespace postern::gateway {
namespace {

using policy::Named;
using policy::Place;
using policy::Range;
using policy::Table;
using policy::Text;
using std::chrono::milliseconds;

constexpr std::array direction_names{
    Named<Direction>{.name = "inbound", .value = Direction::inbound},
    Named<Direction>{.name = "outbound", .value = Direction::outbound},
};
constexpr std::array listener_tls_names{
    Named<ListenerTls>{.name = "starttls", .value = ListenerTls::starttls},
    Named<ListenerTls>{.name = "implicit", .value = ListenerTls::implicit},
    Named<ListenerTls>{.name = "off", .value = ListenerTls::off},
};
constexpr std::array log_level_names{
    Named<LogLevel>{.name = "error", .value = LogLevel::error},
    Named<LogLevel>{.name = "warning", .value = LogLevel::warning},
    Named<LogLevel>{.name = "info", .value = LogLevel::info},
    Named<LogLevel>{.name = "debug", .value = LogLevel::debug},
};
constexpr std::array language_names{
    Named<Language>{.name = "en", .value = Language::english},
    Named<Language>{.name = "ja", .value = Language::japanese},
};
constexpr std::array tls_version_names{
    Named<policy::TlsVersion>{.name = "1.0", .value = policy::TlsVersion::tls_1_0},
    Named<policy::TlsVersion>{.name = "1.1", .value = policy::TlsVersion::tls_1_1},
    Named<policy::TlsVersion>{.name = "1.2", .value = policy::TlsVersion::tls_1_2},
    Named<policy::TlsVersion>{.name = "1.3", .value = policy::TlsVersion::tls_1_3},
};

// What names the host

void read_hostname(Table& root, Settings& settings) {
    auto hostname = root.required_string("hostname");
    if (!hostname) return;
    const bool ascii = std::ranges::all_of(*hostname, [](char c) { return c > ' ' && c < '\x7f'; });
    if (!ascii || !policy::canonical_domain(*hostname) || hostname->starts_with('[')) {
        root.error("hostname",
                   quoted(*hostname) +
                       " is not a host name; write one such as \"mx1.example.org\"");
        return;
    }
    if (!hostname->contains('.')) {
        root.warning("hostname", quoted(*hostname) + " has no domain; others may not believe it");
    }
    settings.hostname = std::move(*hostname);
}

void read_host(Table& root, Settings& settings) {
    read_hostname(root, settings);
    take(root.required_path("policy"), settings.policy);
    settings.policy_place = root.place("policy");
    take(root.path("state_directory"), settings.state_directory);
    if (settings.state_directory.empty()) root.error("state_directory", "must not be empty");
    constexpr Range<std::int64_t> cores{.least = 0, .most = 1024};
    settings.cores = static_cast<unsigned>(root.integer("cores", cores).value_or(settings.cores));
    constexpr Range<std::int64_t> day{.least = 0, .most = 86400};
    const auto drain = root.integer("drain_seconds", day);
    if (drain) settings.drain = std::chrono::seconds(*drain);
    take(root.one_of("report_language", language_names), settings.report_language);
}

// Listeners

std::vector<Network> read_networks(Table& table, std::string_view key) {
    std::vector<Network> networks;
    for (const Text& item : table.strings(key).value_or(std::vector<Text>{})) {
        auto network = Network::parse(item.value);
        if (network) {
            networks.push_back(*network);
        } else {
            table.error(item.place, std::move(network.error()));
        }
    }
    return networks;
}

void read_address(Table& table, ListenerSettings& listener) {
    const auto text = table.required_string("address");
    if (!text) return;
    const auto endpoint = IpEndpoint::parse(*text);
    if (endpoint) {
        listener.address = endpoint->text();
        listener.address_place = table.place("address");
    } else {
        table.error("address",
                    quoted(*text) + " is not an address with a port; write \"[::]:25\" or "
                                    "\"0.0.0.0:25\"");
    }
}

bool any_contains(const std::vector<Network>& networks, std::string_view text) {
    const auto address = IpAddress::parse(text);
    return address && std::ranges::any_of(networks, [&address](const Network& network) {
               return network.contains(*address);
           });
}

void judge_clients(Table& table, const ListenerSettings& listener) {
    if (listener.direction == Direction::inbound) {
        if (table.has("clients")) {
            table.warning("clients", "clients has no effect on an inbound listener");
        }
        return;
    }
    if (!table.has("clients")) {
        table.error("direction",
                    "an outbound listener needs clients: the networks that may submit");
    } else if (listener.clients.empty()) {
        table.warning("clients", "clients is empty: nobody may submit");
    }
    const bool everybody = std::ranges::any_of(
        listener.clients, [](const Network& network) { return network.text().ends_with("/0"); });
    if (everybody) {
        table.warning("clients", "clients lets everybody submit: that is an open relay");
    }
}

/// What is right by itself, but not together.
void judge_listener(Table& table, const ListenerSettings& listener) {
    judge_clients(table, listener);
    if (listener.require_tls && listener.tls == ListenerTls::off) {
        table.error("require_tls", "require_tls needs a tls other than \"off\"");
    }
    if (listener.proxy_protocol && !table.has("proxies")) {
        table.error("proxy_protocol", "proxy_protocol needs proxies: the networks that may use it");
    }
    if (!listener.proxy_protocol && table.has("proxies")) {
        table.warning("proxies", "proxies has no effect without proxy_protocol = true");
    }
}

ListenerSettings read_listener(Table& table) {
    ListenerSettings listener;
    take(table.required_string("name"), listener.name);
    read_address(table, listener);
    take(table.one_of("direction", direction_names), listener.direction);
    take(table.one_of("tls", listener_tls_names), listener.tls);
    take(table.boolean("require_tls"), listener.require_tls);
    take(table.boolean("proxy_protocol"), listener.proxy_protocol);
    listener.proxies = read_networks(table, "proxies");
    listener.clients = read_networks(table, "clients");
    judge_listener(table, listener);
    return listener;
}

/// Port 0 is any free port, so that two listeners may have it.
bool same_address(const ListenerSettings& one, const ListenerSettings& other) {
    return one.address == other.address && !one.address.empty() && !one.address.ends_with(":0");
}

void read_listeners(Table& root, Settings& settings) {
    root.each("listener", [&settings](Table& table) {
        ListenerSettings listener = read_listener(table);
        for (const ListenerSettings& earlier : settings.listeners) {
            if (!listener.name.empty() && listener.name == earlier.name) {
                table.error("name", "another listener is named " + quoted(listener.name) + ", too");
            }
            if (same_address(listener, earlier)) {
                table.error("address",
                            "listener " + quoted(earlier.name) + " has this address already");
            }
        }
        settings.listeners.push_back(std::move(listener));
    });
    if (settings.listeners.empty()) {
        root.error(Place{}, "there is no [[listener]]; without one no mail can come in");
    }
}

// TLS

void read_certificates(Table& root, Settings& settings) {
    root.each("certificate", [&settings](Table& table) {
        CertificateSettings certificate;
        take(table.required_path("chain"), certificate.chain);
        take(table.required_path("key"), certificate.key);
        certificate.chain_place = table.place("chain");
        certificate.key_place = table.place("key");
        settings.certificates.push_back(std::move(certificate));
    });
    const bool wanted = std::ranges::any_of(settings.listeners, [](const ListenerSettings& one) {
        return one.tls != ListenerTls::off;
    });
    if (wanted && settings.certificates.empty()) {
        root.error(Place{},
                   "there is no [[certificate]], but a listener offers TLS; give one, or set tls = "
                   "\"off\" there");
    }
}

void read_tls(Table& root, Settings& settings) {
    root.table("tls", [&tls = settings.tls](Table& table) {
        take(table.one_of("minimum_version", tls_version_names), tls.minimum_version);
        tls.minimum_version_place = table.place("minimum_version");
        take(table.path("trust_store"), tls.trust_store);
        tls.trust_store_place = table.place("trust_store");
        // Clients are told that a ticket is good for two hours; three keys are kept.
        constexpr Range<milliseconds> rotation{.least = std::chrono::hours{1},
                                               .most = std::chrono::hours{24}};
        take(table.duration("ticket_rotation", rotation), tls.ticket_rotation);
    });
}

void read_dns(Table& root, Settings& settings) {
    root.table("dns", [&dns = settings.dns](Table& table) {
        for (const Text& item : table.strings("servers").value_or(std::vector<Text>{})) {
            constexpr std::uint16_t dns_port = 53;
            auto server = IpEndpoint::parse(item.value);
            const auto address = IpAddress::parse(item.value);
            if (address) server = IpEndpoint{.address = *address, .port = dns_port};
            if (server) {
                dns.servers.push_back(*server);
            } else {
                table.error(item.place,
                            quoted(item.value) + " is not an address; write "
                                                 "\"192.0.2.53\" or \"[2001:db8::53]:53\"");
            }
        }
        take(table.path("trust_anchor"), dns.trust_anchor);
        take(table.boolean("refuse_bogus"), dns.refuse_bogus);
    });
}

// What operators use

void read_admin(Table& root, Settings& settings) {
    root.table("admin", [&settings](Table& table) {
        const auto text = table.string("address");
        if (!text) return;
        const auto endpoint = IpEndpoint::parse(*text);
        if (!endpoint && !text->empty()) {
            table.error("address",
                        quoted(*text) + " is not an address with a port; write \"127.0.0.1:8025\", "
                                        "or \"\" for none");
            return;
        }
        settings.admin_address = endpoint ? endpoint->text() : "";
        if (endpoint && !endpoint->address.is_loopback()) {
            table.warning("address",
                          "everybody who reaches " + endpoint->text() +
                              " can read the metrics; 127.0.0.1 keeps them on this host");
        }
    });
}

void read_rest(Table& root, Settings& settings) {
    read_delivery(root, settings);
    read_admin(root, settings);
    root.table("log", [&settings](Table& table) {
        take(table.one_of("level", log_level_names), settings.log_level);
    });
}

void read_all(Table& root, Settings& settings) {
    read_host(root, settings);
    read_listeners(root, settings);
    read_certificates(root, settings);
    read_tls(root, settings);
    read_dns(root, settings);
    read_limits(root, settings);
    read_timeouts(root, settings);
    read_rest(root, settings);
}

LoadedSettings settings_in(std::expected<policy::Document, policy::Mistake> document,
                           const std::string& file) {
    LoadedSettings loaded;
    loaded.settings.file = file;
    if (!document) {
        loaded.mistakes.add(std::move(document.error()));
        return loaded;
    }
    document->read(loaded.mistakes, [&loaded](Table& root) { read_all(root, loaded.settings); });
    loaded.mistakes.sort();
    return loaded;
}

} // namespace

std::string_view text(Direction direction) {
    return direction == Direction::inbound ? "inbound" : "outbound";
}

bool ListenerSettings::may_proxy(std::string_view client_address) const {
    return any_contains(proxies, client_address);
}

bool ListenerSettings::may_submit(std::string_view client_address) const {
    return any_contains(clients, client_address);
}

std::string spool_directory(const Settings& settings) {
    return settings.state_directory + "/spool";
}

LoadedSettings load_settings(const std::string& path) {
    return settings_in(policy::Document::load(path), path);
}

LoadedSettings settings_from(std::string_view text, const std::string& file) {
    return settings_in(policy::Document::parse(text, file), file);
}

} // namespace postern::gateway
