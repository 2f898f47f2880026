#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::policy {

/// The whole content of a regular file, or why it cannot be had, worded to stand behind the file's
/// name: `cannot be opened: No such file or directory`, `is larger than 1048576 bytes`.
[[nodiscard]] std::expected<std::string, std::string> read_file(const std::string& path,
                                                                std::size_t bytes_max);

/// Is handed a file piece by piece, each together with the size of the whole file at the start: a
/// hint, it may change meanwhile.
using TakePiece = std::function<void(std::string_view piece, std::uint64_t whole_bytes)>;

/// Hands out a regular file of any size. Errors as above.
[[nodiscard]] std::expected<void, std::string> stream_file(const std::string& path,
                                                           const TakePiece& take);

/// What `named` means when it is written in `file`: absolute names stay, others are taken from the
/// directory of `file`.
[[nodiscard]] std::string path_beside(std::string_view file, std::string_view named);

/// The files that a shell pattern (`policy.d/*.toml`) names, sorted by name so that the order of
/// loading does not depend on the directory. None is no error. A pattern without wildcards is given
/// back as it is, so that opening it says what is wrong with it.
[[nodiscard]] std::expected<std::vector<std::string>, std::string>
files_matching(const std::string& pattern);

} // namespace postern::policy
