#include "gateway/smtp/xtext.h"

namespace postern::smtp {

namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

// RFC 3461 4: only upper-case digits are xtext.
int hex_value(char digit) {
    const std::size_t at = hex_digits.find(digit);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

bool stands_for_itself(char byte) {
    return byte > ' ' && byte <= '~' && byte != '+' && byte != '=';
}

} // namespace

void append_xtext(std::string& out, std::string_view text) {
    for (const char byte : text) {
        if (stands_for_itself(byte)) {
            out += byte;
            continue;
        }
        const auto value = static_cast<unsigned char>(byte);
        out += '+';
        out += hex_digits[value >> 4U];
        out += hex_digits[value & 0x0FU];
    }
}

std::optional<std::string> decode_xtext(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (stands_for_itself(text[i])) {
            decoded += text[i];
            continue;
        }
        if (text[i] != '+' || i + 2 >= text.size()) return std::nullopt;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return decoded;
}

bool is_xtext(std::string_view text) { return decode_xtext(text).has_value(); }

} // namespace postern::smtp
