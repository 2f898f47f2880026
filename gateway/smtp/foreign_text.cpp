#include "gateway/smtp/foreign_text.h"

#include "gateway/smtp/utf8.h"

#include <algorithm>

namespace postern::smtp {

namespace {

// Controls, and what would hide or turn around the text behind it.
bool is_harmful(char32_t point) {
    const bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
    const bool line_or_direction = (point >= 0x200E && point <= 0x200F) ||
                                   (point >= 0x2028 && point <= 0x202E) ||
                                   (point >= 0x2066 && point <= 0x2069);
    return control || line_or_direction;
}

} // namespace

std::string readable_line(std::string_view text, std::size_t bytes_max) {
    std::string line;
    while (!text.empty()) {
        const CodePoint point = first_code_point(text);
        const std::size_t bytes = std::max<std::size_t>(point.bytes, 1);
        if (line.size() + bytes > bytes_max) break;
        if (text.front() == '\t')
            line += ' ';
        else if (point.bytes == 0 || is_harmful(point.value))
            line += '?';
        else
            line += text.substr(0, bytes);
        text.remove_prefix(bytes);
    }
    return line;
}

std::string ascii_line(std::string_view text, std::size_t bytes_max) {
    std::string line(text.substr(0, bytes_max));
    std::ranges::replace(line, '\t', ' ');
    std::ranges::replace_if(line, [](char byte) { return byte < ' ' || byte > '~'; }, '?');
    return line;
}

} // namespace postern::smtp
