#include "gateway/spool/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace postern::spool {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
    constexpr std::uint32_t polynomial = 0x82F63B78U; // 0x1EDC6F41, bits reversed
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t value = byte;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value >> 1U) ^ ((value & 1U) != 0 ? polynomial : 0);
        }
        table[byte] = value;
    }
    return table;
}

constexpr std::array<std::uint32_t, 256> table = make_table();

#if defined(__x86_64__)
[[gnu::target("sse4.2")]] std::uint32_t crc32c_sse42(std::string_view bytes, std::uint32_t before) {
    std::uint64_t value = ~before;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), sizeof word);
        value = _mm_crc32_u64(value, word);
    }
    auto rest = static_cast<std::uint32_t>(value);
    for (const char byte : bytes) {
        rest = _mm_crc32_u8(rest, static_cast<unsigned char>(byte));
    }
    return ~rest;
}
#endif

} // namespace

std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t before) {
    std::uint32_t value = ~before;
    for (const char byte : bytes) {
        value = (value >> 8U) ^ table[(value ^ static_cast<unsigned char>(byte)) & 0xFFU];
    }
    return ~value;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return crc32c_sse42(bytes, before);
#endif
    return crc32c_portable(bytes, before);
}

} // namespace postern::spool
