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

// utf-8-addr-xtext (RFC 6533 3): what an address in UTF-8 is written as where only ASCII may stand,
// in ORCPT and in a delivery status. What is not printable ASCII, '+', '=' and '\' become \x{HEX}.
void append_utf8_xtext(std::string& out, std::string_view address);
// The same for an address that may have \x{HEX} in it already, as ORCPT has it.
void append_original_as_utf8_xtext(std::string& out, std::string_view original);

} // namespace postern::smtp
