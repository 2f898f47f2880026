#pragma once

#include <string_view>

namespace postern::smtp {

// Well-formed UTF-8: no over-long forms, no surrogates, nothing above U+10FFFF (RFC 3629).
[[nodiscard]] bool is_utf8(std::string_view text);
[[nodiscard]] bool is_ascii(std::string_view text);

} // namespace postern::smtp
