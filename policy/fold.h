#pragma once

#include <string>
#include <string_view>

namespace postern::policy {

/// Appends text in lower case, by the simple mapping of Unicode for the Latin, Greek, Cyrillic and
/// full-width letters; all else, and what is not UTF-8, stays as it is. Independent of any locale.
void append_lower_case(std::string_view text, std::string& out);

/// Whether it is well-formed UTF-8 (RFC 3629: no surrogates, nothing longer than needed).
[[nodiscard]] bool is_utf8(std::string_view text);

[[nodiscard]] constexpr char lower_case(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

} // namespace postern::policy
