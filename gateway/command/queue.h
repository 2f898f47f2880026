#pragma once

#include <ostream>
#include <span>
#include <string_view>

namespace postern::command {

// `postern queue list|show|retry|hold|drop`: the mail that waits to go out, of a running gateway
// or, when none runs, of its spool. Exit status: 0 done, 1 not, 2 usage.
[[nodiscard]] int
queue(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err);

} // namespace postern::command
