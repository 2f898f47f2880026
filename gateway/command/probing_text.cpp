// How the result of a probe looks: for people and for programs.

#include "gateway/command/probing.h"
#include "gateway/report/line.h"
#include "gateway/smtp/foreign_text.h"
#include "ssl/version.h"

#include <string_view>

namespace postern::command {
namespace {

using policy::TlsVersion;

constexpr std::size_t label_width = 14;
constexpr std::size_t foreign_bytes_max = 200;

void append_row(std::string& out, std::string_view label, std::string_view value) {
    out += label;
    out.append(label_width - label.size(), ' ');
    out += value;
    out += '\n';
}

std::string_view text_of(dns::Dnssec dnssec) {
    switch (dnssec) {
    case dns::Dnssec::bogus: return "bogus";
    case dns::Dnssec::insecure: return "insecure";
    case dns::Dnssec::secure: return "secure";
    }
    return "insecure";
}

std::string_view text_of(Source source) {
    switch (source) {
    case Source::mx: return "mx";
    case Source::implicit: return "implicit";
    case Source::named: return "named";
    case Source::address: return "address";
    }
    return "mx";
}

std::string_view words_for(ssl::ChainVerdict verdict) {
    switch (verdict) {
    case ssl::ChainVerdict::none_presented: return "none was presented";
    case ssl::ChainVerdict::trusted: return "trusted";
    case ssl::ChainVerdict::self_signed: return "not trusted: self-signed";
    case ssl::ChainVerdict::unknown_ca: return "not trusted: its CA is not in our trust store";
    case ssl::ChainVerdict::incomplete:
        return "not trusted: the host does not send the certificates that lead to a CA of our "
               "trust store";
    case ssl::ChainVerdict::expired: return "not trusted: expired";
    case ssl::ChainVerdict::not_yet_valid: return "not trusted: not yet valid";
    case ssl::ChainVerdict::bad_signature: return "not trusted: a signature is wrong";
    case ssl::ChainVerdict::unsuitable: return "not trusted: not made for this use";
    case ssl::ChainVerdict::unreadable: return "not trusted: cannot be read";
    case ssl::ChainVerdict::store_unusable: return "not judged: our trust store cannot be used";
    }
    return "";
}

std::string problem_of(const relay::Failure& failure) {
    std::string problem{relay::text(failure.cause)};
    if (failure.detail.empty()) return problem;
    problem += ": ";
    if (failure.reply.code != 0) problem += std::to_string(failure.reply.code) + " ";
    return problem + smtp::ascii_line(failure.detail, foreign_bytes_max);
}

std::string met_by(const ProbedAddress& address) {
    std::string met;
    for (const TlsVersion floor : {TlsVersion::tls_1_2, TlsVersion::tls_1_3}) {
        if (!met.empty()) met += ", ";
        met += policy::text(address.meets(floor));
        met += " where TLS " + std::string(policy::text(floor)) + " is the least";
    }
    return met;
}

std::string_view text_of(std::optional<bool> offered) {
    if (!offered) return "unknown";
    return *offered ? "offered" : "not offered";
}

void append_address(std::string& out, const ProbedHost& host, const ProbedAddress& address) {
    append_row(out, "address", address.endpoint);
    append_row(out, "time", std::to_string(address.took.count()) + " ms");
    if (address.reached()) append_row(out, "starttls", text_of(address.offers_tls()));
    if (address.failure) append_row(out, "problem", problem_of(*address.failure));
    if (address.peer) {
        std::string tls{ssl::text(address.peer->version)};
        tls.append(", ").append(address.peer->cipher);
        if (!address.peer->group.empty()) tls.append(", ").append(address.peer->group);
        append_row(out, "tls", tls);
        append_row(out, "certificate", words_for(address.peer->chain));
        append_row(out, "name", (address.peer->name_matched ? "is " : "is not ") + host.name);
    }
    if (address.reached()) append_row(out, "meets", met_by(address));
}

void append_host(std::string& out, const Probed& probed, const ProbedHost& host) {
    std::string name = host.name;
    if (probed.source == Source::mx) name += ", preference " + std::to_string(host.preference);
    if (host.addresses.empty()) {
        out += '\n';
        append_row(out, "host", name);
        append_row(out, "problem", host.problem);
        return;
    }
    if (probed.source != Source::address)
        name.append(", addresses DNSSEC ").append(text_of(host.dnssec));
    for (const ProbedAddress& address : host.addresses) {
        out += '\n';
        append_row(out, "host", name);
        append_address(out, host, address);
    }
}

std::string_view words_for(Soundness soundness) {
    switch (soundness) {
    case Soundness::sound: return "";
    case Soundness::falls_short: return " falls short";
    case Soundness::unreachable: return " cannot be reached";
    }
    return "";
}

std::string verdict_on(const Probed& probed) {
    if (!probed.problem.empty()) return "no host: " + probed.problem;
    if (probed.sound()) return "every host offers TLS with a trusted certificate for its name";
    std::string verdict;
    for (const ProbedHost& host : probed.hosts) {
        const std::string_view words = words_for(host.soundness());
        if (words.empty()) continue;
        if (!verdict.empty()) verdict += ", ";
        verdict.append(host.name).append(words);
    }
    return verdict;
}

// JSON

void append_key(std::string& out, std::string_view key) {
    out += out.ends_with('{') ? "" : ",";
    report::append_json(out, key);
    out += ':';
}

void append_pair(std::string& out, std::string_view key, std::string_view value) {
    append_key(out, key);
    report::append_json(out, value);
}

void append_pair(std::string& out, std::string_view key, bool value) {
    append_key(out, key);
    out += value ? "true" : "false";
}

void append_pair(std::string& out, std::string_view key, std::int64_t value) {
    append_key(out, key);
    out += std::to_string(value);
}

void append_peer(std::string& out, const ssl::Peer& peer) {
    append_pair(out, "tls_version", ssl::text(peer.version));
    append_pair(out, "tls_cipher", peer.cipher);
    append_pair(out, "tls_group", peer.group);
    append_pair(out, "chain", ssl::text(peer.chain));
    append_pair(out, "name_matched", peer.name_matched);
}

void append_json_of(std::string& out, const ProbedAddress& address) {
    out += out.ends_with('[') ? "{" : ",{";
    append_pair(out, "address", std::string_view{address.endpoint});
    append_pair(out, "duration_ms", std::int64_t{address.took.count()});
    append_pair(out, "reached", address.reached());
    if (const auto offered = address.offers_tls()) append_pair(out, "starttls", *offered);
    if (address.peer) append_peer(out, *address.peer);
    if (address.failure) {
        append_pair(out, "cause", relay::text(address.failure->cause));
        const auto detail = smtp::ascii_line(address.failure->detail, foreign_bytes_max);
        append_pair(out, "detail", std::string_view{detail});
    }
    append_key(out, "meets");
    out += '{';
    for (const TlsVersion floor : {TlsVersion::tls_1_2, TlsVersion::tls_1_3}) {
        append_pair(out, policy::text(floor), policy::text(address.meets(floor)));
    }
    out += "}}";
}

void append_json_of(std::string& out, const Probed& probed, const ProbedHost& host) {
    out += out.ends_with('[') ? "{" : ",{";
    append_pair(out, "name", std::string_view{host.name});
    if (probed.source == Source::mx) {
        append_pair(out, "preference", std::int64_t{host.preference});
    }
    if (!host.addresses.empty() && probed.source != Source::address) {
        append_pair(out, "dnssec", text_of(host.dnssec));
    }
    if (!host.problem.empty()) append_pair(out, "problem", std::string_view{host.problem});
    append_pair(out, "ok", host.soundness() == Soundness::sound);
    append_key(out, "addresses");
    out += '[';
    for (const ProbedAddress& address : host.addresses) {
        append_json_of(out, address);
    }
    out += "]}";
}

} // namespace

std::string text(const Probed& probed) {
    std::string out;
    append_row(out, "subject", probed.subject);
    if (probed.problem.empty() && probed.source == Source::mx) {
        append_row(out, "mx", "DNSSEC " + std::string(text_of(probed.dnssec)));
    } else if (probed.problem.empty() && probed.source == Source::implicit) {
        append_row(out, "mx", "none: the domain is its own mail host");
    }
    for (const ProbedHost& host : probed.hosts) {
        append_host(out, probed, host);
    }
    if (!probed.hosts.empty()) out += '\n';
    append_row(out, "verdict", verdict_on(probed));
    return out;
}

std::string json(const Probed& probed) {
    std::string out = "{";
    append_pair(out, "subject", std::string_view{probed.subject});
    append_pair(out, "ok", probed.sound());
    if (probed.problem.empty()) {
        append_pair(out, "source", text_of(probed.source));
        const bool asked = probed.source == Source::mx || probed.source == Source::implicit;
        if (asked) append_pair(out, "dnssec", text_of(probed.dnssec));
    }
    append_pair(out, "verdict", std::string_view{verdict_on(probed)});
    append_key(out, "hosts");
    out += '[';
    for (const ProbedHost& host : probed.hosts) {
        append_json_of(out, probed, host);
    }
    return out + "]}\n";
}

} // namespace postern::command
