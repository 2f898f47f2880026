#pragma once

#include <cstdint>
#include <string_view>

namespace postern::spool {

// The checksum of RFC 3720 12.1 (Castagnoli). `before` is that of the bytes in front.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);
// The same without the processor's help.
[[nodiscard]] std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t before = 0);

} // namespace postern::spool
