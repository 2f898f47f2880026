// Whatever a table has, what is read of it comes out the same when it is written down plainly, and
// what is made of it is a policy without a mistake, in which each entry demands what its group
// says.
#include "gateway/command/postfix/conversion.h"
#include "gateway/command/postfix/table.h"
#include "gateway/command/postfix/written.h"
#include "policy/load.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace postern;
using namespace postern::command::postfix;

// One line each, one blank between words.
std::string plainly(const std::vector<TableEntry>& entries) {
    std::string text;
    for (const TableEntry& entry : entries) {
        text += entry.key.text;
        for (const Word& word : entry.words)
            text += " " + word.text;
        text += '\n';
    }
    return text;
}

bool same(const TableEntry& left, const TableEntry& right) {
    return left.key.text == right.key.text &&
           std::ranges::equal(left.words, right.words, {}, &Word::text, &Word::text);
}

// Each place is where the word stands, up to the first line end in it.
void check_places(std::string_view text, const std::vector<TableEntry>& entries) {
    std::vector<std::string_view> lines{""};
    while (!text.empty()) {
        lines.push_back(text.substr(0, text.find('\n')));
        text.remove_prefix(std::min(lines.back().size() + 1, text.size()));
    }
    for (const TableEntry& entry : entries) {
        assert(entry.key.place.column == 1);
        for (const Word& word : entry.words)
            assert(lines.at(word.place.line).substr(word.place.column - 1).starts_with(word.text));
    }
}

void check_policy(const std::vector<Group>& groups) {
    const policy::Loaded loaded = policy::load_text(written(groups, Lists::in_place).back().text);
    assert(loaded.mistakes.empty());
    std::map<std::string, std::string> files;
    for (WrittenFile& file : written(groups, Lists::in_files))
        files.emplace(std::move(file.name), std::move(file.text));
    const policy::Loaded apart = policy::load("postfix.toml", policy::MemoryFiles(files), 1);
    assert(apart.mistakes.empty());
    assert(apart.snapshot->counts().entries == loaded.snapshot->counts().entries);
    for (const Group& group : groups) {
        for (const std::string& entry : group.entries) {
            if (group.kind != TableKind::tls_policy) continue;
            const bool below = entry.starts_with("*.");
            // A domain may be so long that nothing fits below it.
            const auto recipient =
                policy::Address::parse("x@" + (below ? "a" + entry.substr(1) : entry));
            if (!recipient) continue;
            const auto found =
                loaded.snapshot->outbound_requirement({}, *recipient, policy::Marked::no);
            policy::Required both = found.enforced.required;
            both.raise(group.required);
            assert(both == found.enforced.required);
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    policy::Mistakes mistakes;
    const std::vector<TableEntry> entries = read_table(text, "table", mistakes);
    check_places(text, entries);
    policy::Mistakes none;
    assert(std::ranges::equal(read_table(plainly(entries), "table", none), entries, same));
    assert(none.empty());

    for (const TableKind kind : {TableKind::tls_policy, TableKind::sender_access}) {
        const Table table{.file = "table", .kind = kind, .entries = entries};
        for (const Subdomains subdomains : {Subdomains::with_domain, Subdomains::with_dot})
            check_policy(convert({&table, 1}, subdomains, mistakes));
    }
    return 0;
}
