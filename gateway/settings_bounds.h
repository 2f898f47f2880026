#pragma once

#include "gateway/settings.h"
#include "policy/document.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

// The part of reading postern.toml that is about numbers: [limits], [timeouts], [delivery].

namespace postern::gateway {

/// For messages about what somebody wrote.
[[nodiscard]] inline std::string quoted(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

/// Puts a value in the place of the default, where there is one.
template<typename Value>
void take(std::optional<Value> given, Value& setting) {
    if (given) setting = std::move(*given);
}

void read_limits(policy::Table& root, Settings& settings);
void read_timeouts(policy::Table& root, Settings& settings);
void read_delivery(policy::Table& root, Settings& settings);

} // namespace postern::gateway
