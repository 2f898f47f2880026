#pragma once

#include <ostream>
#include <span>
#include <string_view>

namespace postern::command {

/// `postern check`: reads what `serve` would read, and prints every mistake in it with its place,
/// then their number. Needs no running gateway and starts nothing. Returns the exit code: 0 fit to
/// run (there may be warnings), 1 not, 2 usage.
[[nodiscard]] int
check(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err);

} // namespace postern::command
