#include "gateway/report/line.h"

#include <array>
#include <charconv>

namespace postern::report {
namespace {

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits{}; // of the largest
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end);
}

/// Exactly `width` digits.
void append_digits(std::string& out, std::uint64_t number, std::size_t width) {
    std::array<char, 20> digits{};
    for (std::size_t at = width; at > 0; --at) {
        digits.at(at - 1) = static_cast<char>('0' + number % 10);
        number /= 10;
    }
    out.append(digits.data(), width);
}

struct Character {
    std::size_t bytes = 0; // 0: not UTF-8
    char32_t code = 0;
};

/// The character at the front of `text`, RFC 3629: no over-long forms, no surrogates.
Character character_at_front(std::string_view text) {
    const auto byte = [text](std::size_t index) { return static_cast<unsigned char>(text[index]); };
    const auto continues = [&](std::size_t index) { return (byte(index) & 0xc0U) == 0x80U; };
    if (byte(0) < 0x80) return {.bytes = 1, .code = byte(0)};

    struct Form {
        unsigned mask;
        unsigned lead;
        char32_t least;
    };
    constexpr std::array<Form, 3> forms{{
        {.mask = 0xe0, .lead = 0xc0, .least = 0x80},
        {.mask = 0xf0, .lead = 0xe0, .least = 0x800},
        {.mask = 0xf8, .lead = 0xf0, .least = 0x10000},
    }};
    for (std::size_t more = 1; more <= forms.size(); ++more) {
        const Form& form = forms.at(more - 1);
        if ((byte(0) & form.mask) != form.lead) continue;
        if (text.size() <= more) return {};
        char32_t code = byte(0) & ~form.mask;
        for (std::size_t index = 1; index <= more; ++index) {
            if (!continues(index)) return {};
            code = (code << 6U) | (byte(index) & 0x3fU);
        }
        const bool surrogate = code >= 0xd800 && code <= 0xdfff;
        if (code < form.least || code > 0x10ffff || surrogate) return {};
        return {.bytes = more + 1, .code = code};
    }
    return {};
}

/// Characters that would do something on the screen of somebody who reads the log: controls, line
/// and paragraph separators, and those that turn the direction of writing.
bool acts(char32_t code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || code == 0x200e ||
           code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

void append_escaped(std::string& out, char32_t code) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4)
        out += digits[(code >> shift) & 0xfU];
}

} // namespace

void append_json(std::string& out, std::string_view text) {
    out += '"';
    const bool cut = text.size() > text_bytes_max;
    std::string_view rest = text;
    while (!rest.empty()) {
        const Character character = character_at_front(rest);
        const std::size_t taken = text.size() - rest.size();
        if (cut && taken + character.bytes > text_bytes_max) break;
        if (character.bytes == 0) {
            if (cut && taken + 1 > text_bytes_max) break;
            out += "\xef\xbf\xbd"; // U+FFFD
            rest.remove_prefix(1);
            continue;
        }
        if (character.code == '"' || character.code == '\\') {
            out += '\\';
            out += rest.front();
        } else if (acts(character.code)) {
            append_escaped(out, character.code);
        } else {
            out += rest.substr(0, character.bytes);
        }
        rest.remove_prefix(character.bytes);
    }
    if (cut) out += "\xe2\x80\xa6"; // an ellipsis
    out += '"';
}

void append_time(std::string& out, Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    append_digits(out, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
    out += '-';
    append_digits(out, static_cast<unsigned>(date.month()), 2);
    out += '-';
    append_digits(out, static_cast<unsigned>(date.day()), 2);
    out += 'T';
    append_digits(out, static_cast<std::uint64_t>(clock.hours().count()), 2);
    out += ':';
    append_digits(out, static_cast<std::uint64_t>(clock.minutes().count()), 2);
    out += ':';
    append_digits(out, static_cast<std::uint64_t>(clock.seconds().count()), 2);
    out += '.';
    append_digits(out, static_cast<std::uint64_t>(clock.subseconds().count()), 3);
    out += 'Z';
}

Line::Line(std::string& out, Time time, Level level, std::string_view event) : out_(out) {
    open(time);
    text(Key::level, report::text(level)).text(Key::event, event);
}

Line::Line(std::string& out, Time time, std::string_view event) : out_(out) {
    open(time);
    text(Key::event, event);
}

void Line::open(Time time) {
    out_ += R"({"time":")";
    append_time(out_, time);
    out_ += '"';
}

void Line::name(Key key) {
    out_ += ",\"";
    out_ += report::text(key);
    out_ += "\":";
}

Line& Line::text(Key key, std::string_view value) {
    if (value.empty()) return *this;
    name(key);
    append_json(out_, value);
    return *this;
}

Line& Line::number(Key key, std::uint64_t value) {
    name(key);
    append_number(out_, value);
    return *this;
}

template<typename Texts>
Line& Line::items(Key key, const Texts& values) {
    if (values.empty()) return *this;
    name(key);
    out_ += '[';
    for (std::size_t index = 0; index < values.size(); ++index) {
        if (index > 0) out_ += ',';
        if (index == items_max) {
            out_ += "\"+";
            append_number(out_, values.size() - items_max);
            out_ += '"';
            break;
        }
        append_json(out_, values[index]);
    }
    out_ += ']';
    return *this;
}

Line& Line::texts(Key key, std::span<const std::string_view> values) { return items(key, values); }
Line& Line::texts(Key key, std::span<const std::string> values) { return items(key, values); }

void Line::end() { out_ += '}'; }

} // namespace postern::report
