#include "gateway/smtp/header.h"

#include "gateway/smtp/command.h"
#include "gateway/smtp/field.h"

#include <algorithm>

namespace postern::smtp {

namespace {

constexpr std::string_view section_end = "\r\n\r\n";

// How many bytes at the end of `text` could be the beginning of the section's end.
std::size_t begun_end(std::string_view text) {
    for (std::size_t length = section_end.size() - 1; length > 0; --length) {
        if (text.ends_with(section_end.substr(0, length))) return length;
    }
    return 0;
}

std::string_view begin_of_line(std::string_view line, Stuffing stuffing) {
    return stuffing == Stuffing::stuffed && line.starts_with('.') ? line.substr(1) : line;
}

} // namespace

std::size_t HeaderSection::feed(std::string_view content) {
    if (state_ != HeaderState::more) return 0;
    if (!first_line_checked_) {
        const std::size_t consumed = check_first_line(content);
        if (state_ != HeaderState::more || !first_line_checked_) return consumed;
        return consumed + feed(content.substr(consumed));
    }
    const std::size_t end = look_for_end(content);
    if (!hold(content.substr(0, end))) return content.size();
    if (end_matched_ == section_end.size()) complete();
    return std::min(end, content.size());
}

// Takes bytes up to the end of the first line. Without a field in it there is no section.
std::size_t HeaderSection::check_first_line(std::string_view content) {
    const std::size_t lf = content.find('\n');
    const std::string_view taken = content.substr(0, lf == std::string_view::npos ? lf : lf + 1);
    if (!hold(taken)) return content.size();
    if (lf == std::string_view::npos) return taken.size();
    first_line_checked_ = true;
    if (held_ == "\r\n") {
        complete();
    } else if (field_name(begin_of_line(held_, stuffing_)).empty()) {
        complete_without_section();
    }
    end_matched_ = begun_end(held_);
    return taken.size();
}

// How much of `content` belongs to the section; npos: all of it, and it goes on.
std::size_t HeaderSection::look_for_end(std::string_view content) {
    std::size_t at = 0;
    while (at < content.size() && end_matched_ > 0 && content[at] == section_end[end_matched_]) {
        ++at;
        if (++end_matched_ == section_end.size()) return at;
    }
    if (at == content.size()) return std::string_view::npos;
    const std::size_t found = content.find(section_end, at);
    if (found != std::string_view::npos) {
        end_matched_ = section_end.size();
        return found + section_end.size();
    }
    end_matched_ = begun_end(content.substr(at));
    return std::string_view::npos;
}

// False: over the limit.
bool HeaderSection::hold(std::string_view content) {
    if (content.size() > bytes_max_ - held_.size()) {
        state_ = HeaderState::too_big;
        release_held();
        return false;
    }
    held_ += content;
    return true;
}

void HeaderSection::finish() {
    if (state_ != HeaderState::more) return;
    const bool no_field = field_name(begin_of_line(held_, stuffing_)).empty();
    if (!first_line_checked_ && !held_.empty() && no_field) {
        complete_without_section();
    } else {
        complete();
    }
}

void HeaderSection::complete_without_section() {
    held_.insert(0, "\r\n");
    missing_ = true;
    state_ = HeaderState::complete;
}

void HeaderSection::complete() {
    if (held_.find('\0') != std::string::npos) {
        state_ = HeaderState::nul;
        release_held();
        return;
    }
    FieldReader reader(held_, stuffing_);
    while (const auto field = reader.next()) {
        if (field->name.empty()) malformed_ = true;
        if (equal_without_case(field->name, "Received")) ++received_fields_;
        if (equal_without_case(field->name, "From"))
            from_fields_.push_back(field_value(*field, stuffing_));
    }
    state_ = HeaderState::complete;
}

} // namespace postern::smtp
