#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// The small notations of our configuration files: durations, sizes, and the guess at what a
// misspelt word was meant to be. Plain functions of text.

namespace postern::policy {

/// `5m`, `90s`, `1h30m`, `250ms`, `2d`: whole numbers with units d h m s ms, each unit at most once
/// and from large to small. Nothing for anything else, or for more than `duration_max`.
[[nodiscard]] std::optional<std::chrono::milliseconds> duration_from(std::string_view text);
inline constexpr std::chrono::milliseconds duration_max = std::chrono::days{3650};

/// `512B`, `256KiB`, `50MiB`, `2GiB`, `1TiB`, or a bare number of bytes. Nothing for anything else,
/// for `50MB` in particular: it is unclear which of two sizes it means.
[[nodiscard]] std::optional<std::uint64_t> size_from(std::string_view text);

/// The shortest text that reads back as the same value: `1h30m`, `50MiB`, `0s`.
[[nodiscard]] std::string duration_text(std::chrono::milliseconds duration);
[[nodiscard]] std::string size_text(std::uint64_t bytes);

/// The candidate that differs from `word` by the fewest typing slips (a letter too many, too few,
/// wrong, or two swapped), if these are few enough to be a slip at all; otherwise empty.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       std::span<const std::string_view> candidates);

/// `a`, `a or b`, `a, b or c`.
[[nodiscard]] std::string alternatives(std::span<const std::string_view> words);

} // namespace postern::policy
