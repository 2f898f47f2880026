#pragma once

#include <span>
#include <string_view>

#include "tests/tidy/rules.h"

namespace postern::tidy {

/// A part of the house: the files whose path begins with `part`, and the beginnings of the paths
/// that they may include besides their own, separated by blanks, or `rows_above`.
struct Arrow {
    std::string_view part;
    std::string_view may_include;
};

/// Whatever stands in the table above the row itself.
inline constexpr std::string_view rows_above = "*";

/// The table of who may include whom. Arrows only go down.
[[nodiscard]] std::span<const Arrow> arrows();

/// Includes of our own headers that go up the table, and files that the table does not know.
[[nodiscard]] Complaints upward_includes(const Source& source);

/// Headers and identifiers of a package outside the files that wrap it.
[[nodiscard]] Complaints leaked_packages(const Source& source);

} // namespace postern::tidy
