#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Foreign text made fit to be quoted. What has no place in a line becomes '?', what is too long is
// cut.
namespace postern::smtp {

// For people: UTF-8 without control characters, line and direction marks; blanks stay.
[[nodiscard]] std::string readable_line(std::string_view text, std::size_t bytes_max);
// For machines: printable ASCII and blanks.
[[nodiscard]] std::string ascii_line(std::string_view text, std::size_t bytes_max);

} // namespace postern::smtp
