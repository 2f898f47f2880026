#pragma once

#include <expected>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

namespace postern::command {

inline constexpr std::string_view default_config = "/etc/postern/postern.toml";

// What serve, reload and status have in common: `--config FILE`, `--json`, `--help`.
struct Options {
    std::string config{default_config};
    bool json = false;
    bool help = false;
};

// The error is the sentence to print before exiting with 2.
[[nodiscard]] std::expected<Options, std::string>
read_options(std::span<const std::string_view> arguments);

} // namespace postern::command
