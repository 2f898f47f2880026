#include "gateway/spool/crc32c.h"

#include <catch2/catch.hpp>

#include <string>

namespace postern::spool {
namespace {

TEST_CASE("the checksum is that of RFC 3720", "[spool]") {
    CHECK(crc32c("") == 0);
    CHECK(crc32c("123456789") == 0xE3069283U);
    CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AAU); // RFC 3720 B.4
    CHECK(crc32c(std::string(32, '\xff')) == 0x62A8AB43U);
}

TEST_CASE("with and without the processor's help, whole and in parts, it is the same", "[spool]") {
    std::string bytes;
    for (int index = 0; index < 200; ++index) {
        CHECK(crc32c(bytes) == crc32c_portable(bytes));
        const std::string_view text = bytes;
        const std::size_t half = bytes.size() / 3;
        CHECK(crc32c(text.substr(half), crc32c(text.substr(0, half))) == crc32c(text));
        bytes += static_cast<char>(index * 37);
    }
}

} // namespace
} // namespace postern::spool
