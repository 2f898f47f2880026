#include "policy/draft.h"

#include "policy/file.h"
#include "policy/sentence.h"

#include <algorithm>
#include <array>
#include <utility>

namespace postern::policy {
namespace {

enum class SenderAuthentication : std::uint8_t { ignore, exempt, refuse };
enum class TlsOfRoute : std::uint8_t { may, require };
enum class DirectionName : std::uint8_t { inbound, outbound, outbound_marked };

constexpr std::array<Named<SenderAuthentication>, 3> sender_authentication_names{{
    {"ignore", SenderAuthentication::ignore},
    {"exempt", SenderAuthentication::exempt},
    {"refuse", SenderAuthentication::refuse},
}};
constexpr std::array<Named<TlsOfRoute>, 2> tls_names{{
    {"may", TlsOfRoute::may},
    {"require", TlsOfRoute::require},
}};
constexpr std::array<Named<DirectionName>, 3> direction_names{{
    {"inbound", DirectionName::inbound},
    {"outbound", DirectionName::outbound},
    {"outbound-marked", DirectionName::outbound_marked},
}};
constexpr std::array<Named<Mode>, 3> mode_names{{
    {"enforce", Mode::enforce},
    {"report", Mode::report},
    {"off", Mode::off},
}};
constexpr std::array<Named<OnTlsFailure>, 2> on_tls_failure_names{{
    {"bounce", OnTlsFailure::bounce},
    {"retry", OnTlsFailure::retry},
}};
constexpr std::array<Named<TlsVersion>, 4> tls_version_names{{
    {"1.0", TlsVersion::tls_1_0},
    {"1.1", TlsVersion::tls_1_1},
    {"1.2", TlsVersion::tls_1_2},
    {"1.3", TlsVersion::tls_1_3},
}};
constexpr std::array<Named<AnnounceClient>, 3> announce_client_names{{
    {"none", AnnounceClient::none},
    {"xclient", AnnounceClient::xclient},
    {"proxy", AnnounceClient::proxy},
}};

constexpr std::size_t name_bytes_max = 100;

// Names stand in replies, logs and metrics: one line, not a long one.
Text name_of(Table& table) {
    Text name{.value = table.required_string("name").value_or(""), .place = table.place("name")};
    const bool has_control = std::ranges::any_of(name.value, [](char letter) {
        return static_cast<unsigned char>(letter) < ' ' || letter == '\x7f';
    });
    if (has_control) {
        table.error("name", "name must not contain control characters");
        name.value.clear();
    } else if (name.value.size() > name_bytes_max) {
        table.error(
            "name",
            sentence({"name must not be longer than ", std::to_string(name_bytes_max), " bytes"}));
        name.value.clear();
    }
    return name;
}

Text word_of(Table& table, std::string_view key) {
    return Text{.value = table.string(key).value_or(""), .place = table.place(key)};
}

std::vector<Text> words_of(Table& table, std::string_view key) {
    return table.strings(key).value_or(std::vector<Text>());
}

void read_organization(Table& table, Draft& draft) {
    draft.organizations.push_back({.file = table.file(),
                                   .name = name_of(table),
                                   .parent = word_of(table, "parent"),
                                   .domains = words_of(table, "domains"),
                                   .addresses = words_of(table, "addresses")});
}

void read_list(Table& table, Draft& draft) {
    ListDraft list{.file = table.file(),
                   .name = name_of(table),
                   .entries = words_of(table, "entries"),
                   .files = {}};
    const bool has_any = table.has("entries") || table.has("file") || table.has("files");
    if (!has_any) table.error("name", "the list has neither entries nor file");
    if (auto path = table.path("file"); path && !path->empty())
        list.files.push_back({.value = std::move(*path), .place = table.place("file")});
    for (const Text& file : words_of(table, "files"))
        list.files.push_back({.value = path_beside(table.file(), file.value), .place = file.place});
    const auto authentication = table.one_of("sender_authentication", sender_authentication_names);
    if (authentication && *authentication != SenderAuthentication::ignore)
        table.error("sender_authentication",
                    "sender_authentication is not supported yet: use \"ignore\", the From address "
                    "alone decides");
    draft.lists.push_back(std::move(list));
}

Directions directions_of(Table& table, Mode mode) {
    Directions directions;
    const auto given = table.several_of("directions", direction_names);
    for (const DirectionName direction : given.value_or(std::vector<DirectionName>())) {
        switch (direction) {
        case DirectionName::inbound: directions.inbound = true; break;
        case DirectionName::outbound: directions.outbound = true; break;
        case DirectionName::outbound_marked: directions.outbound_marked = true; break;
        }
    }
    if (mode == Mode::off) return directions;
    if (!table.has("directions"))
        table.error("name", "directions is missing; use inbound, outbound or outbound-marked");
    const bool names_none = given && given->empty() && table.strings("directions")->empty();
    if (names_none) table.error("directions", "directions must not be empty");
    if (directions.outbound && directions.outbound_marked)
        table.warning("directions", "outbound includes outbound-marked");
    return directions;
}

void read_certificate_demands(Table& table, Setting& setting) {
    setting.require_trusted_certificate =
        table.boolean("require_trusted_certificate").value_or(false);
    setting.validate_certificate_hostname = table.boolean("validate_certificate_hostname")
                                                .value_or(setting.require_trusted_certificate);
    if (setting.validate_certificate_hostname && !setting.require_trusted_certificate)
        table.error(
            "validate_certificate_hostname",
            "validate_certificate_hostname needs require_trusted_certificate = true: a name "
            "in a certificate that anybody could have made proves nothing");
    const Directions& directions = setting.directions;
    const bool inbound_only =
        directions.inbound && !directions.outbound && !directions.outbound_marked;
    if (inbound_only && setting.require_trusted_certificate)
        table.warning("require_trusted_certificate",
                      "no effect inbound: clients need not present a certificate");
}

void read_setting(Table& table, Draft& draft) {
    SettingDraft made{.file = table.file(),
                      .name = name_of(table),
                      .organization = word_of(table, "organization"),
                      .address_lists = words_of(table, "address_lists"),
                      .values = {}};
    Setting& setting = made.values;
    setting.description = table.string("description").value_or("");
    setting.mode = table.one_of("mode", mode_names).value_or(Mode::enforce);
    setting.directions = directions_of(table, setting.mode);
    read_certificate_demands(table, setting);
    setting.minimum_tls_version =
        table.one_of("minimum_tls_version", tls_version_names).value_or(TlsVersion::tls_1_2);
    setting.refuse_at_mail = table.boolean("refuse_at_mail").value_or(false);
    setting.on_tls_failure =
        table.one_of("on_tls_failure", on_tls_failure_names).value_or(OnTlsFailure::bounce);
    if (setting.refuse_at_mail && !setting.directions.inbound && setting.mode != Mode::off)
        table.warning("refuse_at_mail", "no effect: the setting is not for inbound mail");
    if (!table.has("address_lists") && setting.mode != Mode::off)
        table.error("name", "address_lists is missing: the setting would never apply");
    else if (made.address_lists.empty() && setting.mode != Mode::off)
        table.error("address_lists",
                    "address_lists must not be empty: the setting would never apply");
    draft.settings.push_back(std::move(made));
}

void read_routing(Table& table, Draft& draft) {
    RoutingDraft rule{.file = table.file(),
                      .name = name_of(table),
                      .senders = words_of(table, "senders"),
                      .recipients = words_of(table, "recipients"),
                      .header = std::nullopt,
                      .require_secure_transport = false,
                      .route = word_of(table, "route")};
    table.table("header", [&](Table& header) {
        rule.header =
            RoutingRule::Header{.name = header.required_string("name").value_or(""),
                                .contains = header.required_string("contains").value_or("")};
    });
    rule.require_secure_transport = table.boolean("require_secure_transport").value_or(false);
    if (!rule.require_secure_transport && rule.route.value.empty())
        table.warning("name",
                      "no effect: the rule neither requires secure transport nor has a route");
    draft.routing.push_back(std::move(rule));
}

void add_host(Route& route, Table& table, Place place, std::expected<RouteHost, std::string> host) {
    if (!host) return table.error(place, host.error());
    const bool known = std::ranges::any_of(route.hosts, [&](const RouteHost& other) {
        return other.address == host->address && other.port == host->port;
    });
    if (known)
        return table.error(
            place,
            sentence({host->address, " port ", std::to_string(host->port), " is given twice"}));
    route.hosts.push_back(std::move(*host));
}

/// How many were given, good or bad.
std::size_t read_hosts(Table& table, Route& route) {
    std::size_t given_count = 0;
    const auto read_text = [&](const Text& text) {
        ++given_count;
        add_host(route, table, text.place, route_host_of(text.value));
    };
    const auto read_table = [&](Table& given) {
        ++given_count;
        const auto address = given.required_string("address");
        const auto weight = given.integer("weight", {.least = 1, .most = route_host_weight_max});
        const bool backup = given.boolean("backup").value_or(false);
        if (!address) return;
        auto host = route_host_of(*address);
        if (host && weight) host->weight = static_cast<std::uint16_t>(*weight);
        if (host) host->backup = backup;
        add_host(route, table, given.place("address"), std::move(host));
    };
    table.each("hosts", read_text, read_table);
    if (!route.hosts.empty() && std::ranges::all_of(route.hosts, &RouteHost::backup))
        table.warning("hosts", "every host is a backup: they are used as if none were");
    return given_count;
}

void read_tls_of_route(Table& table, Route& route) {
    route.tls_required =
        table.one_of("tls", tls_names).value_or(TlsOfRoute::may) == TlsOfRoute::require;
    route.require_trusted_certificate =
        table.boolean("require_trusted_certificate").value_or(false);
    route.validate_certificate_hostname =
        table.boolean("validate_certificate_hostname").value_or(route.require_trusted_certificate);
    if (route.require_trusted_certificate && !route.tls_required)
        table.error("require_trusted_certificate",
                    "require_trusted_certificate needs tls = \"require\"");
    if (route.validate_certificate_hostname && !route.require_trusted_certificate)
        table.error("validate_certificate_hostname",
                    "validate_certificate_hostname needs require_trusted_certificate = true");
    const auto server_name = table.string("server_name");
    if (!server_name || server_name->empty()) return;
    auto canonical = canonical_domain(*server_name);
    if (!canonical || canonical->starts_with('['))
        return table.error("server_name", sentence({"\"", *server_name, "\" is no host name"}));
    route.server_name = std::move(*canonical);
}

void read_route(Table& table, Draft& draft) {
    RouteDraft made{.file = table.file(),
                    .name = name_of(table),
                    .domains = words_of(table, "domains"),
                    .values = {}};
    Route& route = made.values;
    const std::size_t hosts_given = read_hosts(table, route);
    route.mx = table.boolean("mx").value_or(false);
    read_tls_of_route(table, route);
    route.announce_client =
        table.one_of("announce_client", announce_client_names).value_or(AnnounceClient::none);
    if (route.mx)
        table.error("mx", "delivery by MX is not supported yet; name hosts");
    else if (!table.has("hosts"))
        table.error("name", "the route has no hosts");
    else if (hosts_given == 0)
        table.error("hosts", "hosts must not be empty");
    draft.routes.push_back(std::move(made));
}

} // namespace

void read_draft(Table& root, Draft& draft) {
    root.each("organization", [&](Table& table) { read_organization(table, draft); });
    root.each("address_list", [&](Table& table) { read_list(table, draft); });
    root.each("tls_compliance", [&](Table& table) { read_setting(table, draft); });
    root.each("routing", [&](Table& table) { read_routing(table, draft); });
    root.each("route", [&](Table& table) { read_route(table, draft); });
}

} // namespace postern::policy
