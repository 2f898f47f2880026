#include "gateway/command/postfix/conversion.h"

#include "gateway/command/postfix/sender_access.h"
#include "gateway/command/postfix/tls_policy.h"
#include "policy/address.h"
#include "policy/domain.h"
#include "policy/fold.h"

#include <algorithm>
#include <expected>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace postern::command::postfix {
namespace {

using policy::Required;

/// What a key is called on a list of ours: in the spelling that is compared, and as it is written.
struct ListEntry {
    std::string canonical;
    std::string written;
};
/// The error is why there is none.
using ListEntries = std::expected<std::vector<ListEntry>, std::string>;

std::expected<std::string, std::string> domain_of(std::string_view key) {
    auto domain = policy::canonical_domain(key);
    if (!domain) return std::unexpected("the key " + std::string(policy::text(domain.error())));
    return std::move(*domain);
}

// "*." before it; a domain so long that nothing fits before it has no subdomains.
ListEntry subdomains_of(const std::string& domain) {
    return {.canonical = "*." + domain, .written = "*." + domain};
}

ListEntries tls_policy_entries(std::string_view key) {
    if (key.contains('@'))
        return std::unexpected("an address is never looked up in this table; Postfix looks up "
                               "domains and next hops");
    if (key.starts_with('[') || key.contains(':'))
        return std::unexpected("a next hop, not a recipient's domain: that is a [[route]] with "
                               "hosts and tls = \"require\"");
    const bool below = key.starts_with('.');
    const auto domain = domain_of(key.substr(below ? 1 : 0));
    if (!domain) return std::unexpected(domain.error());
    if (below) return std::vector{subdomains_of(*domain)};
    return std::vector{ListEntry{.canonical = *domain, .written = *domain}};
}

ListEntries address_entries(std::string_view key) {
    if (key.ends_with('@'))
        return std::unexpected("a name in whatever domain has no equivalent; list the addresses");
    if (key.starts_with("*.")) return std::unexpected("on a list of ours it would be a wildcard");
    const auto address = policy::Address::parse(key);
    if (!address) return std::unexpected("the key " + std::string(policy::text(address.error())));
    // As it was, because the canonical one has lost the quotes that it needs to be read again.
    return std::vector{
        ListEntry{.canonical = std::string(address->text()), .written = std::string(key)}};
}

ListEntries sender_access_entries(std::string_view key, Subdomains subdomains) {
    if (key == "<>") return std::unexpected("the null sender is on no list");
    if (key.starts_with('/'))
        return std::unexpected("a pattern: only indexed tables can be taken over");
    if (key.contains('@')) return address_entries(key);
    const bool below = key.starts_with('.');
    if (below && subdomains == Subdomains::with_domain)
        return std::unexpected("Postfix does not look this up, because " + quoted(key.substr(1)) +
                               " stands for its subdomains too; if that was changed, say "
                               "--subdomains dot");
    const auto domain = domain_of(key.substr(below ? 1 : 0));
    if (!domain) return std::unexpected(domain.error());
    if (below) return std::vector{subdomains_of(*domain)};
    std::vector<ListEntry> entries{{.canonical = *domain, .written = *domain}};
    if (subdomains == Subdomains::with_domain && !domain->starts_with('['))
        entries.push_back(subdomains_of(*domain));
    return entries;
}

/// The wider entries that an entry lies in, the nearest first.
template<typename Visit>
void each_wider(std::string_view entry, const Visit& visit) {
    const std::size_t at = entry.rfind('@');
    std::string_view rest = entry;
    if (at != std::string_view::npos) {
        rest = entry.substr(at + 1);
        visit(std::string(rest));
    } else if (entry.starts_with("*.")) {
        rest = entry.substr(2);
    }
    for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
        rest.remove_prefix(dot + 1);
        visit("*." + std::string(rest));
    }
}

/// The tables of one kind, which Postfix reads as if they were one.
class Converter {
public:
    Converter(TableKind kind, Subdomains subdomains, policy::Mistakes& mistakes)
        : kind_(kind), subdomains_(subdomains), mistakes_(mistakes) {}

    void add(const Table& table);
    [[nodiscard]] std::vector<Group> finish();

private:
    struct Row {
        const std::string* file;
        policy::Place place;
        Treatment treatment;
        std::vector<ListEntry> entries;
    };

    [[nodiscard]] ListEntries entries_of(std::string_view key) const {
        return kind_ == TableKind::tls_policy ? tls_policy_entries(key)
                                              : sender_access_entries(key, subdomains_);
    }
    [[nodiscard]] std::optional<Treatment> treatment_of(const TableEntry& entry,
                                                        const std::string& file) {
        return kind_ == TableKind::tls_policy ? read_tls_policy(entry, file, mistakes_)
                                              : read_sender_access(entry, file, mistakes_);
    }
    /// False: it was given before, and the first one counts.
    [[nodiscard]] bool is_new(std::string key, const TableEntry& entry, const std::string& file);
    void tell_if_stricter(const Row& row);
    [[nodiscard]] Group& group_of(const Treatment& treatment);

    TableKind kind_;
    Subdomains subdomains_;
    policy::Mistakes& mistakes_;
    std::vector<Row> rows_;
    std::unordered_map<std::string, std::string> places_; // of keys, also of those left out
    std::unordered_map<std::string, std::size_t> row_of_; // by canonical entry
    std::vector<Group> groups_;
};

bool Converter::is_new(std::string key, const TableEntry& entry, const std::string& file) {
    const auto [known, fresh] =
        places_.try_emplace(std::move(key), file + ":" + std::to_string(entry.key.place.line));
    if (!fresh)
        mistakes_.warning(file,
                          entry.key.place,
                          quoted(entry.key.text) + " stands at " + known->second +
                              " already, and the first one counts");
    return fresh;
}

void Converter::add(const Table& table) {
    for (const TableEntry& entry : table.entries) {
        auto entries = entries_of(entry.key.text);
        std::string key;
        policy::append_lower_case(entries ? entries->front().canonical : entry.key.text, key);
        if (!is_new(std::move(key), entry, table.file)) continue;
        if (!entries) {
            mistakes_.error(table.file,
                            entry.key.place,
                            quoted(entry.key.text) + " is left out: " + entries.error());
            continue;
        }
        const auto treatment = treatment_of(entry, table.file);
        if (!treatment) continue;
        for (const ListEntry& one : *entries)
            row_of_.try_emplace(one.canonical, rows_.size());
        rows_.push_back({.file = &table.file,
                         .place = entry.key.place,
                         .treatment = *treatment,
                         .entries = std::move(*entries)});
    }
}

// Postfix takes what the most specific key says, we the strictest of all.
void Converter::tell_if_stricter(const Row& row) {
    for (const ListEntry& entry : row.entries) {
        const Row* stricter = nullptr;
        each_wider(entry.canonical, [&](const std::string& wider) {
            const auto found = row_of_.find(wider);
            if (found == row_of_.end() || stricter != nullptr) return;
            const Row& other = rows_[found->second];
            Required both = row.treatment.required;
            both.raise(other.treatment.required);
            if (both != row.treatment.required) stricter = &other;
        });
        if (stricter == nullptr) continue;
        mistakes_.error(*row.file,
                        row.place,
                        "the entry at " + *stricter->file + ":" +
                            std::to_string(stricter->place.line) +
                            " includes this one and demands more; there are no exceptions here, "
                            "the strictest counts");
        return;
    }
}

Group& Converter::group_of(const Treatment& treatment) {
    std::string name = "postfix " + std::string(treatment.word);
    if (treatment.required.floor > policy::TlsVersion::tls_1_2)
        name += " " + std::string(policy::text(treatment.required.floor));
    const auto known = std::ranges::find(groups_, name, &Group::name);
    if (known != groups_.end()) return *known;
    return groups_.emplace_back(Group{
        .name = std::move(name), .kind = kind_, .required = treatment.required, .entries = {}});
}

std::vector<Group> Converter::finish() {
    for (std::size_t index = 0; index < rows_.size(); ++index) {
        const Row& row = rows_[index];
        tell_if_stricter(row);
        if (row.treatment.required.demand == policy::Demand::none) continue;
        Group& group = group_of(row.treatment);
        for (const ListEntry& entry : row.entries)
            if (row_of_.at(entry.canonical) == index) group.entries.push_back(entry.written);
    }
    return std::move(groups_);
}

} // namespace

std::optional<TableKind> kind_of(std::span<const TableEntry> entries) {
    bool has_level = false;
    bool has_action = false;
    for (const TableEntry& entry : entries) {
        const std::string_view word = entry.words.front().text;
        has_level |= is_tls_level(word.substr(0, word.find(',')));
        has_action |= is_access_action(word);
    }
    if (has_level == has_action) return std::nullopt;
    return has_level ? TableKind::tls_policy : TableKind::sender_access;
}

std::vector<Group>
convert(std::span<const Table> tables, Subdomains subdomains, policy::Mistakes& mistakes) {
    std::vector<Group> groups;
    for (const TableKind kind : {TableKind::tls_policy, TableKind::sender_access}) {
        Converter converter(kind, subdomains, mistakes);
        for (const Table& table : tables)
            if (table.kind == kind) converter.add(table);
        for (Group& group : converter.finish())
            groups.push_back(std::move(group));
    }
    return groups;
}

} // namespace postern::command::postfix
