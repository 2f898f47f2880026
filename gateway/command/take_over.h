#pragma once

#include "gateway/io/descriptor.h"

#include <expected>
#include <string>
#include <vector>

namespace postern::command {

// Takes the place of the gateway that runs with this file's state directory: its listening sockets
// are ours when it has ended and its spool is free; until then clients wait in them. A file with
// mistakes changes nothing, the other one runs on. The error is for the operator, in lines.
[[nodiscard]] std::expected<std::vector<io::Descriptor>, std::string>
take_over(const std::string& config);

} // namespace postern::command
