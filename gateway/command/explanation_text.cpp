// How an explanation looks: for people and for programs.

#include "gateway/command/explanation.h"
#include "gateway/report/line.h"

#include <string_view>

namespace postern::command {
namespace {

using policy::Demand;
using policy::Direction;
using policy::TlsVersion;
using receive::Verdict;

constexpr std::size_t label_width = 14;

void append_row(std::string& out, std::string_view label, std::string_view value) {
    out += label;
    out.append(label_width - label.size(), ' ');
    out += value;
    out += '\n';
}

std::string chain_of(const policy::Organization* organization) {
    if (organization == nullptr) return "none: only settings for everybody apply";
    std::string chain = organization->name;
    for (const auto* above = organization->parent; above != nullptr; above = above->parent)
        chain += ", below " + above->name;
    return chain;
}

std::string demand_of(policy::Required required) {
    std::string demand{policy::text(required.demand)};
    if (required.demand != Demand::none && required.floor != TlsVersion::none)
        demand += ", TLS " + std::string(policy::text(required.floor)) + " or later";
    return demand;
}

std::string text_of(const policy::Match& match, Direction direction) {
    std::string line = "\"" + match.setting->name + "\"";
    if (!match.setting->description.empty()) line += " (" + match.setting->description + ")";
    line += " by " + std::string(match.entry) + " of list \"" + match.list->name() + "\": ";
    return line + demand_of(match.setting->required(direction));
}

std::string senders(const Question& question) {
    std::string from;
    for (const policy::Address& address : question.from) {
        if (!from.empty()) from += ", ";
        from += address.text();
    }
    return from.empty() ? "<>" : from;
}

std::string_view tls_of(TlsVersion version) {
    return version == TlsVersion::none ? "none, in clear" : policy::text(version);
}

// What `accepted` means outbound depends on what the host's certificate will prove.
std::string verdict_of(const Explanation& made) {
    std::string verdict{receive::text(made.verdict)};
    if (made.question.direction == Direction::inbound) return verdict;
    switch (made.verdict) {
    case Verdict::accepted: break;
    case Verdict::refused: return verdict + ": returned to the sender, " + made.cause;
    case Verdict::deferred: return verdict + ": kept for another try in TLS, " + made.cause;
    }
    switch (made.required.demand) {
    case Demand::none:
    case Demand::tls: return verdict + ": delivered, whatever certificate the host has";
    case Demand::tls_trusted: return verdict + ": delivered to a host with a trusted certificate";
    case Demand::tls_trusted_host:
        return verdict + ": delivered to a host with a trusted certificate for its name";
    }
    return verdict;
}

std::string names_of(const policy::SettingSet& settings) {
    std::string names;
    for (const policy::Setting* setting : settings.settings()) {
        if (!names.empty()) names += ", ";
        names += "\"" + setting->name + "\"";
        if (setting->mode == policy::Mode::report) names += " (report)";
    }
    return names.empty() ? "none" : names;
}

void append_key(std::string& out, std::string_view key) {
    out += out.ends_with('{') ? "" : ",";
    report::append_json(out, key);
    out += ':';
}

void append_pair(std::string& out, std::string_view key, std::string_view value) {
    if (value.empty()) return;
    append_key(out, key);
    report::append_json(out, value);
}

void append_matches(std::string& out,
                    std::string_view key,
                    std::span<const policy::Match> matches,
                    Direction direction) {
    append_key(out, key);
    out += '[';
    for (const policy::Match& match : matches) {
        out += out.ends_with('[') ? "{" : ",{";
        append_pair(out, "setting", match.setting->name);
        append_pair(out, "list", match.list->name());
        append_pair(out, "entry", match.entry);
        const policy::Required required = match.setting->required(direction);
        append_pair(out, "demand", policy::text(required.demand));
        append_pair(out, "minimum_tls_version", policy::text(required.floor));
        out += '}';
    }
    out += ']';
}

} // namespace

std::string text(const Explanation& made) {
    const Direction direction = made.question.direction;
    std::string out;
    append_row(out, "direction", policy::text(direction));
    append_row(out, "from", senders(made.question));
    append_row(out, "to", made.question.to.text());
    append_row(out, "tls", tls_of(made.question.tls));
    append_row(out, "organization", chain_of(made.organization));
    append_row(out, "route", made.route == nullptr ? "none" : made.route->name);
    append_row(out, "settings", names_of(*made.settings));
    for (const policy::Match& match : made.requirement.enforced.matches)
        append_row(out, "matches", text_of(match, direction));
    for (const policy::Match& match : made.requirement.reported.matches)
        append_row(out, "only reports", text_of(match, direction));
    append_row(out, "demand", demand_of(made.required));
    append_row(out, "verdict", verdict_of(made));
    if (!made.at_mail.empty()) append_row(out, "early reply", made.at_mail);
    if (!made.reply.empty()) append_row(out, "reply", made.reply);
    if (direction == Direction::inbound && made.verdict == Verdict::accepted)
        append_row(out, "reply", "that of the next hop");
    return out;
}

std::string json(const Explanation& made) {
    const Direction direction = made.question.direction;
    std::string out = "{";
    append_pair(out, "direction", policy::text(direction));
    append_pair(out, "from", senders(made.question));
    append_pair(out, "to", made.question.to.text());
    append_pair(out, "tls_version", policy::text(made.question.tls));
    append_pair(out, "organization", made.organization == nullptr ? "" : made.organization->name);
    append_pair(out, "route", made.route == nullptr ? "" : made.route->name);
    append_matches(out, "matches", made.requirement.enforced.matches, direction);
    append_matches(out, "reported", made.requirement.reported.matches, direction);
    append_pair(out, "demand", policy::text(made.required.demand));
    append_pair(out, "minimum_tls_version", policy::text(made.required.floor));
    append_pair(out, "verdict", receive::text(made.verdict));
    append_pair(out, "early_reply", made.at_mail);
    append_pair(out, "reply", made.reply);
    append_pair(out, "cause", made.cause);
    return out + "}\n";
}

} // namespace postern::command
