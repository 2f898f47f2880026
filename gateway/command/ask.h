#pragma once

#include "gateway/io/descriptor.h"

#include <chrono>
#include <expected>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

// The subcommands that speak to a running gateway, through the control socket in its state
// directory. All return the exit code: 0 ok, 1 no, 2 usage.
namespace postern::command {

// `postern reload`: 1 when the new files have mistakes, which are printed, or nobody runs.
[[nodiscard]] int
reload(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err);

// `postern status`: 1 when nobody runs. With `--full`: see support.h.
[[nodiscard]] int
status(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err);

// A connection to the control socket of the gateway whose state directory this file names. The
// error is a sentence.
[[nodiscard]] std::expected<io::Descriptor, std::string>
connect_to_gateway(const std::string& config,
                   std::chrono::seconds patience = std::chrono::minutes{10});

// What the gateway whose state directory this file names says to a request over its control socket.
// `patience`: for each part of its answer. The error is a sentence.
[[nodiscard]] std::expected<std::string, std::string>
ask(const std::string& config,
    std::string_view words,
    std::chrono::seconds patience = std::chrono::minutes{10});

} // namespace postern::command
