#pragma once

#include "gateway/relay/hop.h"
#include "gateway/smtp/extension.h"
#include "policy/route.h"

#include <cstddef>
#include <unordered_map>
#include <vector>

namespace postern::relay {

// The hosts of one route as this core uses them.
class RouteHops {
public:
    struct Entry {
        Hop* hop = nullptr;
        int weight = 1;
        bool backup = false;
        int credit = 0; // smooth weighted round robin
    };

    explicit RouteHops(std::vector<Entry> entries) : entries_(std::move(entries)) {}

    // Usable hosts in the order in which to try them: by weight and turn, backups last. Empty when
    // every host is down or backing off.
    [[nodiscard]] std::vector<Hop*> in_turn();
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

private:
    std::vector<Entry> entries_;
};

// The routes of one policy snapshot as this core uses them. Lives as long as the snapshot does on
// this core.
class RouteTable {
public:
    explicit RouteTable(std::unordered_map<const policy::Route*, RouteHops> routes);
    RouteTable(const RouteTable&) = delete;
    RouteTable& operator=(const RouteTable&) = delete;
    ~RouteTable();

    [[nodiscard]] RouteHops& of(const policy::Route& route);
    // What every host that was ever reached offers: what we may offer in turn. Hosts that are not
    // known yet do not count.
    [[nodiscard]] smtp::Extensions common_extensions(const smtp::Extensions& ours) const;

private:
    std::unordered_map<const policy::Route*, RouteHops> routes_;
};

} // namespace postern::relay
