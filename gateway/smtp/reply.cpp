#include "gateway/smtp/reply.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace postern::smtp {

namespace {

void append_number(std::string& out, unsigned number) {
    std::array<char, 12> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end.ptr);
}

void append_enhanced(std::string& out, const EnhancedCode& code) {
    append_number(out, code.status);
    out += '.';
    append_number(out, code.subject);
    out += '.';
    append_number(out, code.detail);
    out += ' ';
}

// Bytes beyond ASCII stay: replies may be UTF-8 (RFC 6531 3.7.4) and a foreign reply is passed on.
char printable(char byte) {
    const auto value = static_cast<unsigned char>(byte);
    return (value < 0x20 && byte != '\t') || value == 0x7F ? '?' : byte;
}

} // namespace

void append_reply_line(std::string& out, int code, bool last, std::string_view text) {
    const std::size_t begin = out.size();
    append_number(out, static_cast<unsigned>(code));
    out += last ? ' ' : '-';
    const std::size_t room = reply_line_bytes_max - 2 - (out.size() - begin);
    for (const char byte : text.substr(0, room))
        out += printable(byte);
    out += "\r\n";
}

void append_reply(std::string& out, const Reply& reply) {
    std::string line;
    std::string_view rest = reply.text;
    for (;;) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const bool last = end == rest.size();
        line.clear();
        if (reply.enhanced.present()) append_enhanced(line, reply.enhanced);
        line += rest.substr(0, end);
        append_reply_line(out, reply.code, last, line);
        if (last) return;
        rest.remove_prefix(end + 1);
    }
}

std::string wire_text(const Reply& reply) {
    std::string out;
    append_reply(out, reply);
    return out;
}

EnhancedCodeFound find_enhanced_code(std::string_view text) {
    std::array<std::uint16_t, 3> numbers{};
    std::size_t at = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::string_view digits = text.substr(at, 3);
        const auto* const begin = digits.data();
        const auto read = std::from_chars(begin, begin + digits.size(), numbers[i]);
        const auto length = static_cast<std::size_t>(read.ptr - begin);
        if (length == 0) return {};
        at += length;
        if (i == 2) break;
        if (at >= text.size() || text[at] != '.') return {};
        ++at;
    }
    if (at < text.size() && text[at] != ' ') return {};
    if (numbers[0] != 2 && numbers[0] != 4 && numbers[0] != 5) return {};
    const std::size_t space = at < text.size() ? 1 : 0;
    return {.code = {.status = numbers[0], .subject = numbers[1], .detail = numbers[2]},
            .bytes = at + space};
}

} // namespace postern::smtp
