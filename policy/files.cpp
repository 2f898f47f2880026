#include "policy/files.h"

#include <utility>

namespace postern::policy {

std::expected<std::string, std::string> DiskFiles::read(const std::string& path,
                                                        std::size_t bytes_max) const {
    return read_file(path, bytes_max);
}

std::expected<std::vector<std::string>, std::string>
DiskFiles::matching(const std::string& pattern) const {
    return files_matching(pattern);
}

std::expected<void, std::string> DiskFiles::stream(const std::string& path,
                                                   const TakePiece& take) const {
    return stream_file(path, take);
}

MemoryFiles::MemoryFiles(std::map<std::string, std::string> text_by_path)
    : text_by_path_(std::move(text_by_path)) {}

std::expected<std::string, std::string> MemoryFiles::read(const std::string& path,
                                                          std::size_t bytes_max) const {
    const auto found = text_by_path_.find(path);
    if (found == text_by_path_.end())
        return std::unexpected("cannot be opened: No such file or directory");
    if (found->second.size() > bytes_max)
        return std::unexpected("is larger than " + std::to_string(bytes_max) + " bytes");
    return found->second;
}

std::expected<std::vector<std::string>, std::string>
MemoryFiles::matching(const std::string& pattern) const {
    const std::size_t star = pattern.find('*');
    if (star == std::string::npos) return std::vector<std::string>{pattern};
    const std::string_view before = std::string_view(pattern).substr(0, star);
    const std::string_view behind = std::string_view(pattern).substr(star + 1);
    std::vector<std::string> paths;
    for (const auto& [path, text] : text_by_path_) {
        if (path.size() + 1 >= pattern.size() && path.starts_with(before) && path.ends_with(behind))
            paths.push_back(path);
    }
    return paths;
}

std::expected<void, std::string> MemoryFiles::stream(const std::string& path,
                                                     const TakePiece& take) const {
    const auto found = text_by_path_.find(path);
    if (found == text_by_path_.end())
        return std::unexpected("cannot be opened: No such file or directory");
    take(found->second, found->second.size());
    return {};
}

} // namespace postern::policy
