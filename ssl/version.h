#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::ssl {

// Protocol versions, ordered, so that a floor is one `>=`.
enum class Version : std::uint8_t { tls_1_0, tls_1_1, tls_1_2, tls_1_3 };

// "1.2", as written in the settings and in the log.
[[nodiscard]] std::string_view text(Version version);

// The other way round; empty for anything but "1.0", "1.1", "1.2" and "1.3".
[[nodiscard]] std::optional<Version> version_from(std::string_view text);

} // namespace postern::ssl
