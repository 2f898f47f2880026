#pragma once

#include "policy/file.h"

#include <cstddef>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postern::policy {

/// Where the loader gets its files from: the disk, or memory for tests. Errors are worded to stand
/// behind the file's name, as in policy/file.h.
class Files {
public:
    Files() = default;
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    virtual ~Files() = default;

    /// The whole of a small file.
    [[nodiscard]] virtual std::expected<std::string, std::string>
    read(const std::string& path, std::size_t bytes_max) const = 0;

    /// The files that a pattern names, sorted.
    [[nodiscard]] virtual std::expected<std::vector<std::string>, std::string>
    matching(const std::string& pattern) const = 0;

    /// Hands out a file of any size.
    [[nodiscard]] virtual std::expected<void, std::string> stream(const std::string& path,
                                                                  const TakePiece& take) const = 0;
};

class DiskFiles final : public Files {
public:
    [[nodiscard]] std::expected<std::string, std::string>
    read(const std::string& path, std::size_t bytes_max) const override;
    [[nodiscard]] std::expected<std::vector<std::string>, std::string>
    matching(const std::string& pattern) const override;
    [[nodiscard]] std::expected<void, std::string> stream(const std::string& path,
                                                          const TakePiece& take) const override;
};

/// Files that exist only as text here. A pattern may have one `*`.
class MemoryFiles final : public Files {
public:
    explicit MemoryFiles(std::map<std::string, std::string> text_by_path);

    [[nodiscard]] std::expected<std::string, std::string>
    read(const std::string& path, std::size_t bytes_max) const override;
    [[nodiscard]] std::expected<std::vector<std::string>, std::string>
    matching(const std::string& pattern) const override;
    [[nodiscard]] std::expected<void, std::string> stream(const std::string& path,
                                                          const TakePiece& take) const override;

private:
    std::map<std::string, std::string> text_by_path_;
};

} // namespace postern::policy
