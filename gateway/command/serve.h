#pragma once

#include <ostream>
#include <span>
#include <string_view>

namespace postern::command {

// `postern serve`: the gateway itself, until SIGTERM or SIGINT. 0 after draining, 1 when it could
// not start, 2 usage.
[[nodiscard]] int
serve(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err);

} // namespace postern::command
