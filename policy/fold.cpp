#include "policy/fold.h"

#include <cstddef>
#include <cstdint>

namespace postern::policy {
namespace {

struct Character {
    std::uint32_t code = 0;
    std::size_t bytes = 0; // 0: not UTF-8
};

Character character_at(std::string_view text) {
    const auto byte = [&](std::size_t index) -> std::uint32_t {
        return index < text.size() ? static_cast<unsigned char>(text[index]) : 0U;
    };
    const std::uint32_t first = byte(0);
    if (first < 0x80) return {.code = first, .bytes = 1};
    const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) return {};
    std::uint32_t code = first & (0x7fU >> bytes);
    for (std::size_t index = 1; index < bytes; ++index) {
        if ((byte(index) & 0xc0U) != 0x80) return {};
        code = (code << 6U) | (byte(index) & 0x3fU);
    }
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
    return {.code = code, .bytes = bytes};
}

// A block of capital letters: each `step`-th of them, and how far its small letter is.
struct Block {
    std::uint32_t first;
    std::uint32_t last;
    std::uint32_t step;
    std::int32_t distance;
};

// UnicodeData.txt, simple lower-case mapping, of the scripts that mail addresses are seen in.
constexpr Block blocks[] = {
    {0x00c0, 0x00d6, 1, 32},   {0x00d8, 0x00de, 1, 32}, {0x0100, 0x012e, 2, 1},
    {0x0132, 0x0136, 2, 1},    {0x0139, 0x0147, 2, 1},  {0x014a, 0x0176, 2, 1},
    {0x0178, 0x0178, 1, -121}, {0x0179, 0x017d, 2, 1},  {0x01cd, 0x01db, 2, 1},
    {0x01de, 0x01ee, 2, 1},    {0x0218, 0x021e, 2, 1},  {0x0386, 0x0386, 1, 38},
    {0x0388, 0x038a, 1, 37},   {0x038c, 0x038c, 1, 64}, {0x038e, 0x038f, 1, 63},
    {0x0391, 0x03a1, 1, 32},   {0x03a3, 0x03ab, 1, 32}, {0x0400, 0x040f, 1, 80},
    {0x0410, 0x042f, 1, 32},   {0x0460, 0x0480, 2, 1},  {0x048a, 0x04be, 2, 1},
    {0x04d0, 0x052e, 2, 1},    {0x0531, 0x0556, 1, 48}, {0x1e00, 0x1e94, 2, 1},
    {0x1ea0, 0x1efe, 2, 1},    {0xff21, 0xff3a, 1, 32},
};

std::uint32_t lower_case_of(std::uint32_t code) {
    for (const Block& block : blocks) {
        if (code < block.first) return code;
        if (code <= block.last && (code - block.first) % block.step == 0)
            return static_cast<std::uint32_t>(static_cast<std::int32_t>(code) + block.distance);
    }
    return code;
}

// The mapping never leaves the range of codes with as many bytes as before, but for U+0178.
void append_code(std::uint32_t code, std::string& out) {
    if (code < 0x800) {
        out.push_back(static_cast<char>(0xc0U | (code >> 6U)));
    } else {
        out.push_back(static_cast<char>(0xe0U | (code >> 12U)));
        out.push_back(static_cast<char>(0x80U | ((code >> 6U) & 0x3fU)));
    }
    out.push_back(static_cast<char>(0x80U | (code & 0x3fU)));
}

} // namespace

void append_lower_case(std::string_view text, std::string& out) {
    while (!text.empty()) {
        const Character character = character_at(text);
        const std::uint32_t lower = character.bytes > 1 ? lower_case_of(character.code) : 0;
        if (character.bytes > 1 && lower != character.code) {
            append_code(lower, out);
            text.remove_prefix(character.bytes);
        } else {
            out.push_back(lower_case(text.front()));
            text.remove_prefix(1);
        }
    }
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const Character character = character_at(text);
        if (character.bytes == 0) return false;
        text.remove_prefix(character.bytes);
    }
    return true;
}

} // namespace postern::policy
