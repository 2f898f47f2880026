// A policy is either a snapshot or mistakes that say where; whatever bytes its files have.
// The input is policy.toml, and behind the first NUL byte the text of lists/list.txt.

#include "policy/list_text.h"
#include "policy/load.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace {

using namespace postern::policy;

struct Entry {
    std::string text;
    Place place;
    bool operator==(const Entry&) const = default;
};

std::vector<Entry> entries_of(std::string_view text, std::size_t piece_bytes) {
    std::vector<Entry> entries;
    const auto take = [&](std::string_view entry, Place place) {
        entries.push_back({.text = std::string(entry), .place = place});
    };
    ListText reader;
    for (; !text.empty(); text.remove_prefix(std::min(piece_bytes, text.size())))
        reader.feed(text.substr(0, piece_bytes), take);
    reader.finish(take);
    return entries;
}

void check_list(std::string_view text) {
    const std::vector<Entry> whole = entries_of(text, text.size() + 1);
    assert(entries_of(text, 1) == whole);
    assert(entries_of(text, 3) == whole);
}

void check_mistakes(const Loaded& loaded) {
    assert((loaded.snapshot != nullptr) == (loaded.mistakes.errors() == 0));
    const auto in_order = [](const Mistake& left, const Mistake& right) {
        return std::tie(left.file, left.place) < std::tie(right.file, right.place);
    };
    assert(std::ranges::is_sorted(loaded.mistakes.all(), in_order));
    for (const Mistake& mistake : loaded.mistakes.all())
        assert(!mistake.file.empty() && !mistake.message.empty());
}

// What the snapshot says of itself holds together.
void check_snapshot(const Snapshot& snapshot) {
    const Parts& parts = snapshot.parts();
    for (const auto& organization : parts.organizations) {
        std::size_t steps = 0;
        for (const Organization* above = organization.get(); above != nullptr;
             above = above->parent)
            assert(++steps <= parts.organizations.size());
        for (const std::string& domain : organization->domains) {
            assert(canonical_domain(domain) == domain);
            assert(snapshot.is_our_domain(domain));
        }
        for (const Address& address : organization->addresses) {
            assert(snapshot.organization_of(address) == organization.get());
            const SettingSet& settings = snapshot.inbound_settings(address);
            const Requirement requirement = snapshot.inbound_requirement({&address, 1}, settings);
            Required both = requirement.enforced.required;
            both.raise(settings.strictest());
            assert(both == settings.strictest()); // a part is never stricter than the whole
        }
    }
    for (const auto& setting : parts.settings)
        assert(setting->mode == Mode::off || !setting->address_lists.empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t end = std::min(input.find('\0'), input.size());
    const std::string_view list = input.substr(std::min(end + 1, input.size()));
    check_list(list);

    const MemoryFiles files({{"policy.toml", std::string(input.substr(0, end))},
                             {"lists/list.txt", std::string(list)}});
    const Loaded loaded = load("policy.toml", files, 1);
    check_mistakes(loaded);
    if (loaded.snapshot) check_snapshot(*loaded.snapshot);
    assert(load("policy.toml", files, 1).mistakes.text() == loaded.mistakes.text());
    return 0;
}
