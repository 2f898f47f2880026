#include "perf/options.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace postern::perf {
namespace {

std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::expected<void, std::string> check(const Option& option, std::string_view value) {
    if (!option.number) return {};
    const auto number = whole_number(value);
    if (!number) {
        return std::unexpected{std::string{option.name} + " takes a whole number, not '" +
                               std::string{value} + "'"};
    }
    if (*number < option.min || *number > option.max) {
        return std::unexpected{std::string{option.name} + " is between " +
                               std::to_string(option.min) + " and " + std::to_string(option.max)};
    }
    return {};
}

} // namespace

std::expected<Options, std::string> Options::parse(std::span<const Option> known,
                                                   std::span<const char* const> arguments) {
    Options options;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        const std::string_view argument = arguments[at];
        const std::string_view name = argument.substr(0, argument.find('='));
        const auto option = std::ranges::find(known, name, &Option::name);
        if (option == known.end()) {
            return std::unexpected{"there is no option '" + std::string{name} + "'; see --help"};
        }
        const bool attached = name.size() < argument.size();
        std::string_view value;
        if (option->value.empty()) {
            if (attached) return std::unexpected{std::string{name} + " takes no value"};
        } else if (attached) {
            value = argument.substr(name.size() + 1);
        } else if (++at < arguments.size()) {
            value = arguments[at];
        } else {
            return std::unexpected{std::string{name} +
                                   " needs a value: " + std::string{option->value}};
        }
        if (const auto checked = check(*option, value); !checked) {
            return std::unexpected{checked.error()};
        }
        options.values_.insert_or_assign(std::string{name}, std::string{value});
    }
    return options;
}

std::string_view Options::text(std::string_view name, std::string_view otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : std::string_view{found->second};
}

std::uint64_t Options::number(std::string_view name, std::uint64_t otherwise) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return otherwise;
    return whole_number(found->second).value_or(otherwise);
}

std::string help_text(std::string_view usage, std::span<const Option> known) {
    std::string text = "usage: " + std::string{usage} + "\n";
    for (const Option& option : known) {
        std::string left = "  " + std::string{option.name} + " " + std::string{option.value};
        left.resize(std::max<std::size_t>(left.size() + 1, 32), ' ');
        ((text += left) += option.help) += '\n';
    }
    return text;
}

} // namespace postern::perf
