#pragma once

#include <ostream>
#include <span>
#include <string_view>

// The subcommands that speak to a running gateway, through the control socket in its state
// directory. All return the exit code: 0 ok, 1 no, 2 usage.
namespace postern::command {

// `postern reload`: 1 when the new files have mistakes, which are printed, or nobody runs.
[[nodiscard]] int
reload(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err);

// `postern status`: 1 when nobody runs.
[[nodiscard]] int
status(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err);

} // namespace postern::command
