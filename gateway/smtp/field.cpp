#include "gateway/smtp/field.h"

#include <algorithm>

namespace postern::smtp {

namespace {

bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

// The first line with its LF.
std::string_view first_line(std::string_view text) {
    const std::size_t lf = text.find('\n');
    return lf == std::string_view::npos ? text : text.substr(0, lf + 1);
}

// RFC 5321 4.5.2: the dot that begins a line is not part of it.
std::string_view without_dot(std::string_view line, Stuffing stuffing) {
    return stuffing == Stuffing::stuffed && line.starts_with('.') ? line.substr(1) : line;
}

std::string_view without_line_end(std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

// Lines as one, their ends and stuffed dots gone (RFC 5322 2.2.3).
std::string unfolded(std::string_view lines, Stuffing stuffing) {
    std::string text;
    while (!lines.empty()) {
        const std::string_view line = first_line(lines);
        lines.remove_prefix(line.size());
        text += without_line_end(without_dot(line, stuffing));
    }
    return text;
}

// A name whose colon only comes on a following line: some readers unfold first and look then.
std::string_view name_of_folded(std::string_view line, std::string_view lines, Stuffing stuffing) {
    const std::size_t length = field_name(unfolded(lines, stuffing)).size();
    return line.substr(0, length);
}

} // namespace

std::string_view field_name(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return {};
    std::string_view name = line.substr(0, colon);
    // RFC 5322 4.5.8: blanks before the colon are obsolete, but read.
    while (!name.empty() && is_blank(name.back()))
        name.remove_suffix(1);
    const bool legal =
        std::ranges::all_of(name, [](char byte) { return byte > ' ' && byte < '\x7F'; });
    return legal ? name : std::string_view{};
}

std::optional<Field> FieldReader::next() {
    const std::string_view line = first_line(rest_);
    if (without_line_end(line).empty()) return std::nullopt;
    std::size_t length = line.size();
    for (;;) {
        const std::string_view following = first_line(rest_.substr(length));
        const std::string_view text = without_dot(following, stuffing_);
        if (text.empty() || !is_blank(text.front())) break;
        length += following.size();
    }
    const std::string_view text = without_line_end(without_dot(line, stuffing_));
    Field field{.name = field_name(text), .lines = rest_.substr(0, length)};
    if (length > line.size() && text.find(':') == std::string_view::npos)
        field.name = name_of_folded(text, field.lines, stuffing_);
    rest_.remove_prefix(length);
    return field;
}

std::string field_value(const Field& field, Stuffing stuffing) {
    std::string value = unfolded(field.lines, stuffing);
    const std::size_t colon = value.find(':');
    value.erase(0, colon == std::string::npos ? value.size() : colon + 1);
    return value;
}

} // namespace postern::smtp
