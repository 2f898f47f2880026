#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern::io {

/// One thing that the event loop needs of the kernel, and what came of trying it.
struct Feature {
    std::string_view name;
    std::string result; // "works", or why not
};

/// Tries each of them on rings of its own, which go again: nothing is taken from version numbers.
/// Blocks for some milliseconds; for commands.
[[nodiscard]] std::vector<Feature> try_features();

/// "2.3": of the library that this program was built with.
[[nodiscard]] std::string_view library_version();

} // namespace postern::io
