#pragma once

#include "policy/address.h"

#include <string>
#include <vector>

namespace postern::policy {

/// A named set of our own domains and addresses (`[[organization]]`). Owned by the snapshot, and
/// lives as long as it does; so does the parent.
struct Organization {
    std::string name;
    const Organization* parent = nullptr; // settings of the parent apply here too
    std::vector<std::string> domains;     // canonical; each is exactly that domain
    std::vector<Address> addresses;
};

} // namespace postern::policy
