#include "gateway/report/section.h"

#include "gateway/report/line.h"

#include <utility>

namespace postern::report {
namespace {

std::string without_key(std::string_view text) {
    if (text.contains("-----BEGIN")) return "(left out: it looks like a key)";
    return std::string{text};
}

std::vector<std::string> without_keys(std::vector<std::string> texts) {
    for (std::string& text : texts) {
        text = without_key(text);
    }
    return texts;
}

void append_lines(std::string& out, const std::vector<std::string>& lines) {
    if (lines.empty()) out += " none";
    for (const std::string& line : lines) {
        out.append("\n    ").append(line);
    }
}

/// What appends one kind of value, for people.
struct ForPeople {
    std::string& out;

    void operator()(const std::string& text) const { out.append(" ").append(text); }
    void operator()(std::uint64_t number) const { out.append(" ").append(std::to_string(number)); }
    void operator()(const std::vector<std::string>& texts) const { append_lines(out, texts); }
    void operator()(const auto& objects) const { append_lines(out, objects.values); }
};

struct ForPrograms {
    std::string& out;

    void operator()(const std::string& text) const { append_json(out, text); }
    void operator()(std::uint64_t number) const { out += std::to_string(number); }
    void operator()(const std::vector<std::string>& texts) const {
        out += '[';
        for (const std::string& text : texts) {
            if (!out.ends_with('[')) out += ',';
            append_json(out, text);
        }
        out += ']';
    }
    void operator()(const auto& objects) const {
        out += '[';
        for (const std::string& object : objects.values) {
            if (!out.ends_with('[')) out += ',';
            out += object;
        }
        out += ']';
    }
};

} // namespace

Section& Section::text(std::string_view name, std::string_view value) {
    facts_.push_back({.name = std::string{name}, .value = without_key(value)});
    return *this;
}

Section& Section::number(std::string_view name, std::uint64_t value) {
    facts_.push_back({.name = std::string{name}, .value = value});
    return *this;
}

Section& Section::texts(std::string_view name, std::vector<std::string> values) {
    facts_.push_back({.name = std::string{name}, .value = without_keys(std::move(values))});
    return *this;
}

Section& Section::objects(std::string_view name, std::vector<std::string> values) {
    for (std::string& value : values) {
        if (value.contains("-----BEGIN")) value = "{}";
    }
    facts_.push_back({.name = std::string{name}, .value = Objects{std::move(values)}});
    return *this;
}

void Section::append_text(std::string& out) const {
    out.append("[").append(title_).append("]\n");
    for (const Fact& fact : facts_) {
        out.append("  ").append(fact.name).append(":");
        std::visit(ForPeople{out}, fact.value);
        out += '\n';
    }
}

void Section::append_object(std::string& out) const {
    out += '{';
    for (const Fact& fact : facts_) {
        if (!out.ends_with('{')) out += ',';
        append_json(out, fact.name);
        out += ':';
        std::visit(ForPrograms{out}, fact.value);
    }
    out += '}';
}

void Section::append_member(std::string& out) const {
    append_json(out, title_);
    out += ':';
    append_object(out);
}

} // namespace postern::report
