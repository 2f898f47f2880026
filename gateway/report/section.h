#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace postern::report {

/// Some facts under one title, for people or as JSON: what `postern status` prints. A text in which
/// a key stands (a PEM block) is left out, wherever it came from.
class Section {
public:
    explicit Section(std::string title) : title_(std::move(title)) {}

    Section& text(std::string_view name, std::string_view value);
    Section& number(std::string_view name, std::uint64_t value);
    Section& texts(std::string_view name, std::vector<std::string> values);
    /// Each is a JSON object, as a line of the log.
    Section& objects(std::string_view name, std::vector<std::string> values);

    /// `[title]`, then a fact a line, indented.
    void append_text(std::string& out) const;
    /// `{"name":value,...}`
    void append_object(std::string& out) const;
    /// `"title":{...}`, for an object of several sections.
    void append_member(std::string& out) const;

private:
    struct Objects {
        std::vector<std::string> values;
    };
    struct Fact {
        std::string name;
        std::variant<std::string, std::uint64_t, std::vector<std::string>, Objects> value;
    };

    std::string title_;
    std::vector<Fact> facts_;
};

} // namespace postern::report
