// Which paths a document names: words that begin with one of our folders.

#include <algorithm>
#include <array>
#include <string_view>

#include "tests/tidy/rules.h"

namespace postern::tidy {
namespace {

constexpr std::string_view path_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./+*<>{}$";

bool begins_in_our_tree(std::string_view word) {
    static constexpr std::array folders{
        ".ci/", "deploy/", "gateway/", "perf/", "policy/", "ssl/", "tests/"};
    return std::any_of(folders.begin(), folders.end(), [&](const char* folder) {
        return word.starts_with(folder);
    });
}

/// "tests/fuzz/fuzz_NAME.cpp" stands for many files; "postern.toml" alone is not a path of ours.
bool is_pattern(std::string_view word) {
    if (word.find_first_of("*<>{}$") != std::string_view::npos) return true;
    std::size_t capitals = 0;
    for (const char c : word) {
        capitals = c >= 'A' && c <= 'Z' ? capitals + 1 : 0;
        if (capitals >= 3 && !word.ends_with(".md") && !word.ends_with(".txt")) return true;
    }
    return false;
}

/// "gateway/channel" names the pair of files.
bool is_there(const std::filesystem::path& root, const std::string& word) {
    return std::filesystem::exists(root / word) || std::filesystem::exists(root / (word + ".h")) ||
           std::filesystem::exists(root / (word + ".cpp"));
}

} // namespace

Complaints missing_files(const std::string& document,
                         std::string_view text,
                         const std::filesystem::path& root) {
    Complaints complaints;
    const auto lines = lines_of(text);
    for (std::size_t line = 0; line < lines.size(); ++line) {
        const std::string_view rest = lines[line];
        for (std::size_t at = 0; at < rest.size();) {
            const auto end = std::min(rest.find_first_not_of(path_letters, at), rest.size());
            auto word = rest.substr(at, end - at);
            at = end + 1;
            while (word.ends_with(".") || word.ends_with("-"))
                word.remove_suffix(1);
            if (!begins_in_our_tree(word) || is_pattern(word)) continue;
            if (is_there(root, std::string(word))) continue;
            complaints.push_back(document + ":" + std::to_string(line + 1) + ": no " +
                                 std::string(word));
        }
    }
    return complaints;
}

} // namespace postern::tidy
