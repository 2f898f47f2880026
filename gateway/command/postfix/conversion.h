#pragma once

#include "gateway/command/postfix/table.h"
#include "gateway/command/postfix/treatment.h"
#include "policy/mistake.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace postern::command::postfix {

enum class TableKind : std::uint8_t {
    tls_policy,    // smtp_tls_policy_maps: to whom mail goes
    sender_access, // check_sender_access: from whom it comes
};

/// Where a key `example.com` of an access table stands for its subdomains too.
enum class Subdomains : std::uint8_t {
    with_domain, // as Postfix does by itself (parent_domain_matches_subdomains)
    with_dot,    // only `.example.com` does
};

struct Table {
    std::string file;
    TableKind kind;
    std::vector<TableEntry> entries;
};

/// What becomes one list and one setting.
struct Group {
    std::string name; // of both
    TableKind kind;
    policy::Required required;
    std::vector<std::string> entries; // as a list of ours has them, each once
};

/// The kind that the right-hand sides of a table belong to. Nothing: they are of both, or of none.
[[nodiscard]] std::optional<TableKind> kind_of(std::span<const TableEntry> entries);

/// Takes over what has an equivalent, in the order of the tables: of a key that is given twice the
/// first counts, as in Postfix. An error in `mistakes` is an entry that is left out or that mail
/// will be judged differently by; without one the groups mean what the tables mean.
[[nodiscard]] std::vector<Group>
convert(std::span<const Table> tables, Subdomains subdomains, policy::Mistakes& mistakes);

} // namespace postern::command::postfix
