#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace postern::perf {

// One option that a program knows. A switch has an empty `value`; with `number`, the value is a
// whole number within the bounds.
struct Option {
    std::string_view name;  // "--threads"
    std::string_view value; // what the help calls it: "N"
    std::string_view help;
    bool number = false;
    std::uint64_t min = 0;
    std::uint64_t max = UINT64_MAX;
};

// The options of one command line, checked against a program's table. "--name value" and
// "--name=value" are both read; the last one given counts.
class Options {
public:
    // The error is a sentence for whoever typed the line.
    [[nodiscard]] static std::expected<Options, std::string>
    parse(std::span<const Option> known, std::span<const char* const> arguments);

    [[nodiscard]] bool given(std::string_view name) const { return values_.contains(name); }
    [[nodiscard]] std::string_view text(std::string_view name,
                                        std::string_view otherwise = {}) const;
    // Of an option with `number`.
    [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t otherwise) const;

private:
    std::map<std::string, std::string, std::less<>> values_;
};

// One line an option, for --help.
[[nodiscard]] std::string help_text(std::string_view usage, std::span<const Option> known);

} // namespace postern::perf
