#include "gateway/relay/route_table.h"

#include <algorithm>
#include <cassert>

namespace postern::relay {

std::vector<Hop*> RouteHops::in_turn() {
    std::vector<Entry*> usable;
    int total = 0;
    for (Entry& entry : entries_) {
        if (!entry.hop->usable()) continue;
        usable.push_back(&entry);
        if (!entry.backup) total += entry.weight;
    }
    // Each host in use earns its weight, the richest is used and pays for all: over time every host
    // gets its share, evenly interleaved.
    for (Entry* entry : usable) {
        if (!entry->backup) entry->credit += entry->weight;
    }
    std::ranges::sort(usable, [](const Entry* left, const Entry* right) {
        if (left->backup != right->backup) return right->backup;
        if (left->credit != right->credit) return left->credit > right->credit;
        return left < right; // the order of the file
    });
    if (!usable.empty() && !usable.front()->backup) usable.front()->credit -= total;
    std::vector<Hop*> hops;
    hops.reserve(usable.size());
    for (const Entry* entry : usable) {
        hops.push_back(entry->hop);
    }
    return hops;
}

RouteTable::RouteTable(std::unordered_map<const policy::Route*, RouteHops> routes)
    : routes_(std::move(routes)) {
    for (const auto& [route, hops] : routes_) {
        for (const RouteHops::Entry& entry : hops.entries()) {
            ++entry.hop->tables;
        }
    }
}

RouteTable::~RouteTable() {
    for (const auto& [route, hops] : routes_) {
        for (const RouteHops::Entry& entry : hops.entries()) {
            --entry.hop->tables;
        }
    }
}

RouteHops& RouteTable::of(const policy::Route& route) {
    const auto found = routes_.find(&route);
    assert(found != routes_.end());
    return found->second;
}

smtp::Extensions RouteTable::common_extensions(const smtp::Extensions& ours) const {
    smtp::Extensions offered = ours;
    for (const auto& [route, hops] : routes_) {
        for (const RouteHops::Entry& entry : hops.entries()) {
            const std::optional<smtp::Extensions>& known = entry.hop->extensions();
            if (known) offered = common(offered, *known);
        }
    }
    return offered;
}

} // namespace postern::relay
