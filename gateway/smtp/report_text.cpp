#include "gateway/smtp/report_text.h"

#include <algorithm>
#include <cassert>

namespace postern::smtp {

namespace {

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

void skip_line(std::string_view& text) {
    text.remove_prefix(std::min(first_line(text).size() + 1, text.size()));
}

bool begins_text(std::string_view line) { return line.starts_with('[') && line.ends_with(']'); }

void skip_to_text(std::string_view& texts) {
    while (!texts.empty() && !begins_text(first_line(texts)))
        skip_line(texts);
}

std::string_view without_empty_lines_around(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of('\n'), text.size()));
    return text.substr(0, text.find_last_not_of('\n') + 1);
}

const ReportValue* value_of(std::span<const ReportValue> values, std::string_view name) {
    const auto found = std::ranges::find(values, name, &ReportValue::name);
    return found == values.end() ? nullptr : &*found;
}

} // namespace

std::optional<ReportText> take_report_text(std::string_view& texts) {
    skip_to_text(texts);
    if (texts.empty()) return std::nullopt;
    const std::string_view line = first_line(texts);
    skip_line(texts);
    const std::string_view behind = texts;
    skip_to_text(texts);
    return ReportText{
        .name = line.substr(1, line.size() - 2),
        .text = without_empty_lines_around(behind.substr(0, behind.size() - texts.size()))};
}

ReportTexts::ReportTexts(Language language) {
    std::string_view rest = report_texts(language);
    while (const auto text = take_report_text(rest))
        texts_.push_back(*text);
}

std::string_view ReportTexts::of(std::string_view name) const {
    const auto found = std::ranges::find(texts_, name, &ReportText::name);
    assert(found != texts_.end());
    return found == texts_.end() ? std::string_view{} : found->text;
}

void append_report_text(std::string& out,
                        std::string_view text,
                        std::span<const ReportValue> values) {
    while (!text.empty()) {
        const std::size_t plain = std::min(text.find_first_of("{\n"), text.size());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        if (text.front() == '\n') {
            out += "\r\n";
            text.remove_prefix(1);
            continue;
        }
        const std::size_t close = text.find('}');
        assert(close != std::string_view::npos);
        const ReportValue* const value = value_of(values, text.substr(1, close - 1));
        assert(value != nullptr);
        out += value->text;
        text.remove_prefix(close + 1);
    }
    out += "\r\n";
}

} // namespace postern::smtp
