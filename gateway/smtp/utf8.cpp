#include "gateway/smtp/utf8.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace postern::smtp {

namespace {

struct Sequence {
    std::size_t bytes = 0; // 0: no sequence begins with this byte
    std::uint32_t bits = 0;
    std::uint32_t first = 0; // smallest code point that needs this many bytes
};

Sequence sequence_of(unsigned char lead) {
    if (lead < 0x80U) return {.bytes = 1, .bits = lead, .first = 0};
    if ((lead & 0xE0U) == 0xC0U) return {.bytes = 2, .bits = lead & 0x1FU, .first = 0x80};
    if ((lead & 0xF0U) == 0xE0U) return {.bytes = 3, .bits = lead & 0x0FU, .first = 0x800};
    if ((lead & 0xF8U) == 0xF0U) return {.bytes = 4, .bits = lead & 0x07U, .first = 0x10000};
    return {};
}

} // namespace

CodePoint first_code_point(std::string_view text) {
    if (text.empty()) return {};
    const Sequence sequence = sequence_of(static_cast<unsigned char>(text.front()));
    if (sequence.bytes == 0 || sequence.bytes > text.size()) return {};
    std::uint32_t point = sequence.bits;
    for (const char byte : text.substr(1, sequence.bytes - 1)) {
        const auto value = static_cast<unsigned char>(byte);
        if ((value & 0xC0U) != 0x80U) return {};
        point = (point << 6U) | (value & 0x3FU);
    }
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (point < sequence.first || surrogate || point > 0x10FFFF) return {};
    return {.value = point, .bytes = sequence.bytes};
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = first_code_point(text).bytes;
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text,
                               [](char byte) { return static_cast<unsigned char>(byte) < 0x80U; });
}

} // namespace postern::smtp
