#pragma once

#include "gateway/command/postfix/conversion.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace postern::command::postfix {

enum class Lists : std::uint8_t { in_place, in_files };

struct WrittenFile {
    std::string name; // beside each other in one directory
    std::string text;
};

/// The groups as part of a policy: one list and one setting each. The policy, `postfix.toml`, comes
/// last, so that whoever writes them in order has the lists before something names them.
[[nodiscard]] std::vector<WrittenFile> written(std::span<const Group> groups, Lists lists);

} // namespace postern::command::postfix
