#include "policy/files.h"

#include "policy/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace postern::policy {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20;

class OpenFile {
public:
    explicit OpenFile(const std::string& path)
        : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() {
        if (fd_ >= 0) close(fd_);
    }
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

std::string cause(std::string_view what, int error) {
    return std::string(what) + ": " + std::error_code(error, std::generic_category()).message();
}

} // namespace

std::expected<std::string, std::string> DiskFiles::read(const std::string& path,
                                                        std::size_t bytes_max) const {
    return read_file(path, bytes_max);
}

std::expected<std::vector<std::string>, std::string>
DiskFiles::matching(const std::string& pattern) const {
    return files_matching(pattern);
}

// Not mapped: a mapped file that somebody cuts short meanwhile ends the process.
std::expected<void, std::string> DiskFiles::stream(const std::string& path,
                                                   const TakePiece& take) const {
    const OpenFile file(path);
    if (file.fd() < 0) return std::unexpected(cause("cannot be opened", errno));
    struct stat status{};
    if (fstat(file.fd(), &status) != 0) return std::unexpected(cause("cannot be read", errno));
    if (!S_ISREG(status.st_mode)) return std::unexpected("is not a regular file");
    const auto buffer = std::make_unique_for_overwrite<char[]>(piece_bytes);
    for (;;) {
        const ssize_t got = ::read(file.fd(), buffer.get(), piece_bytes);
        if (got == 0) return {};
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::unexpected(cause("cannot be read", errno));
        take(std::string_view(buffer.get(), static_cast<std::size_t>(got)),
             static_cast<std::uint64_t>(status.st_size));
    }
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
