#include "gateway/command/postfix/tls_policy.h"

#include "policy/fold.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <cstdint>
#include <vector>

namespace postern::command::postfix {
namespace {

using policy::Demand;
using policy::TlsVersion;

struct Level {
    std::string_view name;
    Demand demand;
    policy::Severity severity; // of the difference
    std::string_view difference;
};

constexpr std::array levels{
    Level{"none",
          Demand::none,
          policy::Severity::warning,
          "TLS is used here too where the host offers it; nothing forbids it"},
    Level{"may", Demand::none, policy::Severity::warning, ""},
    Level{"encrypt", Demand::tls, policy::Severity::warning, ""},
    Level{"dane",
          Demand::none,
          policy::Severity::error,
          "TLSA records are not looked up: this is as \"may\""},
    Level{"dane-only",
          Demand::tls,
          policy::Severity::error,
          "TLSA records are not looked up: TLS is demanded, with any certificate"},
    Level{"fingerprint",
          Demand::tls,
          policy::Severity::error,
          "fingerprints have no equivalent: TLS is demanded, with any certificate"},
    Level{"verify", Demand::tls_trusted_host, policy::Severity::warning, ""},
    Level{"secure", Demand::tls_trusted_host, policy::Severity::warning, ""},
};

std::string in_lower_case(std::string_view text) {
    std::string lower;
    policy::append_lower_case(text, lower);
    return lower;
}

const Level* level_of(std::string_view word) {
    const auto* const found = std::ranges::find(levels, in_lower_case(word), &Level::name);
    return found == levels.end() ? nullptr : found;
}

std::vector<std::string> split_at_colons(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find(':'));
        if (!part.empty()) parts.push_back(in_lower_case(part));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
    }
    return parts;
}

// Versions are 0x0301 for TLS 1.0 and so on (RFC 8446 4.2.1); 0x0300 is SSL 3, 0x0200 SSL 2.
constexpr unsigned first_tls = 0x0301;
constexpr unsigned last_tls = 0x0304;

std::optional<unsigned> protocol_number(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, unsigned>, 6> names{{{"sslv2", 0x0200},
                                                                          {"sslv3", 0x0300},
                                                                          {"tlsv1", 0x0301},
                                                                          {"tlsv1.1", 0x0302},
                                                                          {"tlsv1.2", 0x0303},
                                                                          {"tlsv1.3", 0x0304}}};
    for (const auto& [known, number] : names)
        if (known == name) return number;
    return std::nullopt;
}

// Behind ">=" and "<=" a number is allowed too.
std::optional<unsigned> bound_number(std::string_view name) {
    if (const auto known = protocol_number(name)) return known;
    if (name.starts_with("0x")) name.remove_prefix(2);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number, 16);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    return number;
}

TlsVersion version_of(unsigned number) {
    constexpr std::array versions{
        TlsVersion::tls_1_0, TlsVersion::tls_1_1, TlsVersion::tls_1_2, TlsVersion::tls_1_3};
    return versions.at(number - first_tls);
}

/// What the words of `protocols=` leave: bounds, exclusions, and, once one is named, only those
/// named.
class ProtocolSet {
public:
    /// False: it is none.
    [[nodiscard]] bool add(std::string_view word) {
        const bool bound = word.starts_with(">=") || word.starts_with("<=");
        const bool negated = word.starts_with('!');
        const std::string_view name = word.substr(bound ? 2 : negated ? 1 : 0);
        const auto number = bound ? bound_number(name) : protocol_number(name);
        if (!number) return false;
        if (word.starts_with(">=")) lowest_ = std::max(lowest_, *number);
        if (word.starts_with("<=")) highest_ = std::min(highest_, *number);
        if (negated) excluded_.set(*number);
        if (!bound && !negated) included_.set(*number);
        return true;
    }
    [[nodiscard]] bool has(unsigned number) const {
        return number >= lowest_ && number <= highest_ && !excluded_[number] &&
               (included_.none() || included_[number]);
    }

private:
    unsigned lowest_ = first_tls;
    unsigned highest_ = last_tls;
    std::bitset<last_tls + 1> included_;
    std::bitset<last_tls + 1> excluded_;
};

/// Reads the attributes behind a level, one after the other.
class Attributes {
public:
    Attributes(const Level& level, const std::string& file, policy::Mistakes& mistakes)
        : level_(level), file_(file), mistakes_(mistakes) {}

    void read(const Word& attribute);
    /// All are read; `word` is the level.
    void finish(const Word& word);
    [[nodiscard]] TlsVersion floor() const { return floor_; }

private:
    void error(const Word& at, std::string message) {
        mistakes_.error(file_, at.place, std::move(message));
    }
    void warning(const Word& at, std::string message) {
        mistakes_.warning(file_, at.place, std::move(message));
    }
    void read_floor(const Word& attribute, std::string_view value);
    [[nodiscard]] bool demands_name() const { return level_.demand == Demand::tls_trusted_host; }

    const Level& level_;
    const std::string& file_;
    policy::Mistakes& mistakes_;
    TlsVersion floor_ = TlsVersion::tls_1_2;
    std::vector<std::string> names_; // of match=
};

void Attributes::read(const Word& attribute) {
    const std::size_t equals = std::min(attribute.text.find('='), attribute.text.size());
    const std::string name = in_lower_case(std::string_view(attribute.text).substr(0, equals));
    const std::string_view value =
        std::string_view(attribute.text).substr(std::min(equals + 1, attribute.text.size()));
    if (name == "match") {
        const auto more = split_at_colons(value);
        names_.insert(names_.end(), more.begin(), more.end());
    } else if (name == "protocols") {
        read_floor(attribute, value);
    } else if (name == "tafile") {
        error(attribute,
              "trust anchors of one destination have no equivalent: [tls] trust_store of "
              "postern.toml counts for all");
    } else if (name == "ciphers") {
        const std::string grade = in_lower_case(value);
        if (grade != "high" && grade != "medium")
            warning(attribute, "no effect: only ciphers of high grade are ever used");
    } else if (name == "exclude") {
        warning(attribute, "no effect: which ciphers are used is not a matter of the policy");
    } else if (name == "servername") {
        warning(attribute, "no effect: the name sent in the handshake is the host's");
    } else if (name == "connection_reuse" || name == "enable_rpk") {
        warning(attribute, "no effect here");
    } else {
        error(attribute, quoted(attribute.text) + " is no attribute of a TLS policy");
    }
}

void Attributes::read_floor(const Word& attribute, std::string_view value) {
    if (level_.demand == Demand::none) {
        warning(attribute, "no effect: versions are bounded only where TLS is demanded");
        return;
    }
    const auto protocols = read_protocols(value);
    if (!protocols) {
        error(attribute, quoted(value) + " names no TLS versions; TLS 1.2 or later is demanded");
        return;
    }
    floor_ = std::max(protocols->lowest, TlsVersion::tls_1_2);
    if (protocols->lowest < floor_) warning(attribute, "versions before TLS 1.2 do not count here");
    if (protocols->highest < TlsVersion::tls_1_3)
        error(attribute, "there is no highest version: TLS 1.3 is used where the host has it");
}

void Attributes::finish(const Word& word) {
    const auto is_host = [](const std::string& name) { return name == "hostname"; };
    const bool by_default_host = names_.empty() && level_.name == "verify";
    const bool only_host =
        by_default_host || (!names_.empty() && std::ranges::all_of(names_, is_host));
    if (!demands_name() || only_host) return;
    if (std::ranges::any_of(names_, is_host)) {
        error(word, "only the host's own name counts in its certificate, no other of match=");
        return;
    }
    error(
        word,
        "what counts in the certificate is the host's name as DNS gives it; Postfix asks for " +
            std::string(names_.empty() ? "the domain's own" : "the names in match=") +
            " whatever DNS says. For that, name the hosts: a [[routing]] rule to a [[route]] with "
            "server_name");
}

} // namespace

std::optional<Protocols> read_protocols(std::string_view value) {
    ProtocolSet set;
    for (const std::string& word : split_at_colons(value))
        if (!set.add(word)) return std::nullopt;
    unsigned lowest = first_tls;
    unsigned highest = last_tls;
    while (lowest <= highest && !set.has(lowest))
        ++lowest;
    while (lowest <= highest && !set.has(highest))
        --highest;
    if (lowest > highest) return std::nullopt;
    return Protocols{.lowest = version_of(lowest), .highest = version_of(highest)};
}

bool is_tls_level(std::string_view word) { return level_of(word) != nullptr; }

std::optional<Treatment>
read_tls_policy(const TableEntry& entry, const std::string& file, policy::Mistakes& mistakes) {
    const std::vector<Word> words = without_commas(entry.words);
    const Level* const level = words.empty() ? nullptr : level_of(words.front().text);
    if (level == nullptr) {
        const Word& at = entry.words.front();
        mistakes.error(file,
                       at.place,
                       quoted(at.text) +
                           " is no TLS level; Postfix delivers nothing by this entry, and it is "
                           "left out");
        return std::nullopt;
    }
    if (!level->difference.empty())
        mistakes.add({.severity = level->severity,
                      .file = file,
                      .place = words.front().place,
                      .message = std::string(level->name) + ": " + std::string(level->difference)});
    Attributes attributes(*level, file, mistakes);
    for (std::size_t at = 1; at < words.size(); ++at)
        attributes.read(words[at]);
    attributes.finish(words.front());
    if (level->demand == Demand::none) return Treatment{.word = level->name, .required = {}};
    return Treatment{.word = level->name,
                     .required = {.demand = level->demand, .floor = attributes.floor()}};
}

} // namespace postern::command::postfix
