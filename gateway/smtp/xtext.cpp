#include "gateway/smtp/xtext.h"

#include "gateway/smtp/utf8.h"

#include <array>
#include <charconv>
#include <cstdint>

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

// "\\x{F6}"; digits in upper case and at least two, as RFC 6533 3 has them.
void append_embedded(std::string& out, char32_t point) {
    out += "\\x{";
    if (point < 0x10) out += '0';
    std::array<char, 8> digits{};
    const auto end = std::to_chars(
        digits.data(), digits.data() + digits.size(), static_cast<std::uint32_t>(point), 16);
    for (const char* digit = digits.data(); digit != end.ptr; ++digit)
        out += *digit >= 'a' ? static_cast<char>(*digit - 'a' + 'A') : *digit;
    out += '}';
}

enum class Backslash : std::uint8_t { written_in_hexadecimal, kept };

void append_as_utf8_xtext(std::string& out, std::string_view text, Backslash backslash) {
    while (!text.empty()) {
        const CodePoint point = first_code_point(text);
        const char byte = text.front();
        const bool plain =
            stands_for_itself(byte) && (byte != '\\' || backslash == Backslash::kept);
        if (plain)
            out += byte;
        else if (point.bytes > 0)
            append_embedded(out, point.value);
        else
            out += '?';
        text.remove_prefix(point.bytes > 0 ? point.bytes : 1);
    }
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

void append_utf8_xtext(std::string& out, std::string_view address) {
    append_as_utf8_xtext(out, address, Backslash::written_in_hexadecimal);
}

void append_original_as_utf8_xtext(std::string& out, std::string_view original) {
    append_as_utf8_xtext(out, original, Backslash::kept);
}

} // namespace postern::smtp
