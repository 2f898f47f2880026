#pragma once

#include <ostream>
#include <span>
#include <string_view>

namespace postern::command {

// `postern explain`: which lists and settings match a mail, what they demand, and what it would be
// answered; no network. The exit code: 0 accepted, 1 refused or deferred, or the policy has
// mistakes; 2 usage.
[[nodiscard]] int
explain(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err);

} // namespace postern::command
