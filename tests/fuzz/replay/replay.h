#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace postern::replay {

/// One fuzz target as the replay sees it: the name of its corpus folder and its entry point.
struct Target {
    std::string_view name;
    int (*run)(const std::uint8_t* data, std::size_t size);
};

/// Every tests/fuzz/fuzz_NAME.cpp, in the order of their names.
[[nodiscard]] std::span<const Target> targets();

} // namespace postern::replay
