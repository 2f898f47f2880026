#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

// Files for the start of the process, where waiting is no harm. Each error is a sentence with the
// path and the reason.
namespace postern::spool {

using DiskResult = std::expected<void, std::string>;

[[nodiscard]] DiskResult make_directory(const std::string& path);
// The names in it, sorted.
[[nodiscard]] std::expected<std::vector<std::string>, std::string>
names_in(const std::string& directory);
// `bytes_max`: a larger file is an error.
[[nodiscard]] std::expected<std::string, std::string> read_file(const std::string& path,
                                                                std::uint64_t bytes_max);
// Makes or replaces the file; it is on the disk afterwards, its name after sync_directory().
[[nodiscard]] DiskResult write_file(const std::string& path, std::string_view bytes);
// Writes into a file that exists; on the disk afterwards.
[[nodiscard]] DiskResult
overwrite(const std::string& path, std::uint64_t offset, std::string_view bytes);
[[nodiscard]] DiskResult cut(const std::string& path, std::uint64_t bytes);
[[nodiscard]] DiskResult remove_file(const std::string& path);
[[nodiscard]] DiskResult sync_file(const std::string& path);
[[nodiscard]] DiskResult sync_directory(const std::string& path);

} // namespace postern::spool
