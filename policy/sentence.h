#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace postern::policy {

/// The parts one behind the other. For messages: libstdc++ 12 has no std::format yet.
[[nodiscard]] inline std::string sentence(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts)
        text += part;
    return text;
}

} // namespace postern::policy
