#pragma once

#include <ostream>
#include <span>
#include <string_view>

namespace postern::command {

/// `postern status --full`: everything that a report of a fault should have, and no secret:
/// versions, machine, settings, what is wrong with the files, and what the running gateway says of
/// itself. Without a running one all but the last, and 1.
[[nodiscard]] int
support(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err);

} // namespace postern::command
