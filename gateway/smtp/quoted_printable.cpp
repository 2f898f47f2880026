#include "gateway/smtp/quoted_printable.h"

#include "gateway/smtp/utf8.h"

#include <algorithm>
#include <cstddef>

namespace postern::smtp {

namespace {

constexpr std::size_t encoded_line_bytes_max = 76; // RFC 2045 6.7 (5), '=' included
constexpr std::size_t encoded_word_bytes_max = 75; // RFC 2047 2
constexpr std::size_t line_bytes_max = 998;        // RFC 5322 2.1.1, without CRLF

void append_hex(std::string& out, char byte) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto value = static_cast<unsigned char>(byte);
    out += '=';
    out += digits[value >> 4U];
    out += digits[value & 0x0FU];
}

// `line` has no CRLF of its own.
void append_line(std::string& out, std::string_view line) {
    std::size_t begin = out.size();
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char byte = line[i];
        const bool last = i + 1 == line.size();
        const bool blank = byte == ' ' || byte == '\t';
        // Blanks at the end of a line get lost on the way.
        const bool plain = blank ? !last : byte > ' ' && byte <= '~' && byte != '=';
        const std::size_t room = encoded_line_bytes_max - (last ? 0 : 1);
        if (out.size() - begin + (plain ? 1 : 3) > room) {
            out += "=\r\n";
            begin = out.size();
        }
        if (plain)
            out += byte;
        else
            append_hex(out, byte);
    }
}

// RFC 2047 5 (3): the letters that need no thought in any place.
bool is_word_letter(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

bool holds_lines_of(std::string_view body, bool (*allowed)(char)) {
    while (!body.empty()) {
        const std::size_t end = body.find("\r\n");
        const std::string_view line = body.substr(0, end);
        if (line.size() > line_bytes_max || !std::ranges::all_of(line, allowed)) return false;
        if (end == std::string_view::npos) break;
        body.remove_prefix(end + 2);
    }
    return true;
}

} // namespace

void append_quoted_printable(std::string& out, std::string_view body) {
    for (;;) {
        const std::size_t end = body.find("\r\n");
        append_line(out, body.substr(0, end));
        if (end == std::string_view::npos) return;
        out += "\r\n";
        body.remove_prefix(end + 2);
    }
}

void append_unstructured(std::string& out, std::string_view text) {
    if (is_ascii(text)) {
        out += text;
        return;
    }
    constexpr std::string_view begin = "=?utf-8?Q?";
    constexpr std::string_view end = "?=";
    std::size_t word_begin = out.size();
    out += begin;
    while (!text.empty()) {
        // A character is never cut in two (RFC 2047 5).
        const std::size_t bytes = std::max<std::size_t>(first_code_point(text).bytes, 1);
        std::string letters;
        for (const char byte : text.substr(0, bytes)) {
            if (is_word_letter(byte))
                letters += byte;
            else
                append_hex(letters, byte);
        }
        if (out.size() - word_begin + letters.size() + end.size() > encoded_word_bytes_max) {
            out += end;
            out += "\r\n ";
            word_begin = out.size();
            out += begin;
        }
        out += letters;
        text.remove_prefix(bytes);
    }
    out += end;
}

bool is_seven_bit(std::string_view body) {
    return holds_lines_of(body, [](char byte) {
        return static_cast<unsigned char>(byte) < 0x80U && byte != '\0' && byte != '\r' &&
               byte != '\n';
    });
}

bool is_eight_bit(std::string_view body) {
    return holds_lines_of(body,
                          [](char byte) { return byte != '\0' && byte != '\r' && byte != '\n'; });
}

} // namespace postern::smtp
