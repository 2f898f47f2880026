#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace postern::tidy {

struct Include {
    std::string path;     // as written between the quotes or brackets
    bool quoted = false;  // "ours.h" rather than <theirs.h>
    std::size_t line = 0; // counted from 1
};

/// A source file as the rules read it. Line n of the file is element n - 1 of both views; what a
/// view leaves out is blanks there.
struct Source {
    std::string path;               // from the repository root, "policy/address.h"
    std::vector<std::string> code;  // without comments and literals
    std::vector<std::string> prose; // without literals only
    std::vector<Include> includes;

    [[nodiscard]] bool is_header() const { return path.ends_with(".h"); }
    [[nodiscard]] bool is_below(std::string_view folder) const { return path.starts_with(folder); }
};

[[nodiscard]] Source parse(std::string path, std::string_view text);

/// Every .h and .cpp below the folders of `root` that hold sources, sorted by path.
[[nodiscard]] std::vector<Source> sources_of(const std::filesystem::path& root);

[[nodiscard]] std::string read(const std::filesystem::path& path);

[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

/// Whether `word` stands in `line` as a whole identifier.
[[nodiscard]] bool has_word(std::string_view line, std::string_view word);

} // namespace postern::tidy
