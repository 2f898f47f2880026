#pragma once

#include "policy/mistake.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postern::command::postfix {

/// A part of a line, with the place where it begins.
struct Word {
    std::string text;
    policy::Place place;

    bool operator==(const Word&) const = default;
};

/// A logical line of a table: a key and what stands behind it. Views of nothing, so that it
/// outlives the text.
struct TableEntry {
    Word key;                // as written, with its quotes and in its case
    std::vector<Word> words; // the value, at its blanks; at least one

    bool operator==(const TableEntry&) const = default;
};

/// Reads the source of an indexed table as postmap(1) does: comments and empty lines are nothing
/// and end nothing, a line that begins with a blank goes on with the one before, a quoted key may
/// have blanks. What postmap ignores with a warning is an error in `mistakes`, and left out. A text
/// with a NUL byte is no source: one mistake, no entries.
[[nodiscard]] std::vector<TableEntry>
read_table(std::string_view text, const std::string& file, policy::Mistakes& mistakes);

/// The parts of words between commas, as Postfix takes lists of words apart.
[[nodiscard]] std::vector<Word> without_commas(const std::vector<Word>& words);

/// Text of a table as a message may show it: in quotes, control characters replaced, cut.
[[nodiscard]] std::string quoted(std::string_view text);

/// Enough for a million domains with their levels; a table is read as a whole.
inline constexpr std::size_t table_bytes_max = std::size_t{64} * 1024 * 1024;

} // namespace postern::command::postfix
