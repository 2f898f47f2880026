#pragma once

#include <ostream>
#include <span>
#include <string_view>

namespace postern::command {

// `postern import postfix FILE...`: tables of Postfix as a part of our policy, and what has no
// equivalent. The exit code: 0 what came out means what the tables mean; 1 something was left out
// or means something else, or a file cannot be read or written; 2 usage.
[[nodiscard]] int
import_tables(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err);

} // namespace postern::command
