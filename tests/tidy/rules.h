#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source.h"

namespace postern::tidy {

/// What a rule finds, one text for each place, "policy/a.cpp:12: what is wrong". Empty: nothing.
using Complaints = std::vector<std::string>;

[[nodiscard]] std::string place(const Source& source, std::size_t line);

inline constexpr std::size_t file_lines_max = 400;

[[nodiscard]] Complaints too_long(const Source& source);

/// `new` without an owner, throw, catch, locks, std::cout, `using namespace` in a header, and in
/// comments: a word for "broken", a to-do without the condition that ends it, a suppression without
/// reason.
[[nodiscard]] Complaints banned_words(const Source& source);

/// A header says #pragma once; a source includes its own header first.
[[nodiscard]] Complaints header_habits(const Source& source, const std::filesystem::path& root);

/// Sources of gateway/, policy/ and ssl/ without a test at the mirrored path, but for a list of
/// exceptions; and exceptions that no longer are any.
[[nodiscard]] Complaints untested(const std::vector<Source>& sources);

/// Entries at the top of the tree that the list does not know.
[[nodiscard]] Complaints unknown_entries(const std::vector<std::string>& entries);

/// Paths of our tree that a document names and that are not there.
[[nodiscard]] Complaints missing_files(const std::string& document,
                                       std::string_view text,
                                       const std::filesystem::path& root);

} // namespace postern::tidy
