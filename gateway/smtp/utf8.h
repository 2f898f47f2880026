#pragma once

#include <cstddef>
#include <string_view>

namespace postern::smtp {

struct CodePoint {
    char32_t value = 0;
    std::size_t bytes = 0; // 0: the text is empty or does not begin with well-formed UTF-8
};
// Well-formed: no over-long forms, no surrogates, nothing above U+10FFFF (RFC 3629).
[[nodiscard]] CodePoint first_code_point(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);
[[nodiscard]] bool is_ascii(std::string_view text);

} // namespace postern::smtp
