#pragma once

#include <optional>
#include <string>
#include <string_view>

// xtext (RFC 3461 4): printable ASCII in which '+', '=' and everything else is written +XX.
namespace postern::smtp {

void append_xtext(std::string& out, std::string_view text);
// Nothing when `text` is not xtext.
[[nodiscard]] std::optional<std::string> decode_xtext(std::string_view text);
[[nodiscard]] bool is_xtext(std::string_view text);

} // namespace postern::smtp
