#include "policy/file.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

namespace postern::policy {
namespace {

std::string because(std::string_view what, int error) {
    std::string text(what);
    text += ": ";
    text += std::generic_category().message(error);
    return text;
}

class RegularFile {
public:
    [[nodiscard]] static std::expected<RegularFile, std::string> open(const std::string& path) {
        // Without O_NONBLOCK, opening a named pipe waits for a writer for ever.
        RegularFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (file.fd_ < 0) return std::unexpected(because("cannot be opened", errno));
        struct stat facts{};
        if (::fstat(file.fd_, &facts) != 0)
            return std::unexpected(because("cannot be read", errno));
        if (!S_ISREG(facts.st_mode)) return std::unexpected("is not a regular file");
        file.bytes_ = static_cast<std::uint64_t>(facts.st_size);
        return file;
    }
    RegularFile(RegularFile&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)), bytes_(other.bytes_) {}
    RegularFile(const RegularFile&) = delete;
    RegularFile& operator=(const RegularFile&) = delete;
    RegularFile& operator=(RegularFile&&) = delete;
    ~RegularFile() {
        if (fd_ >= 0) ::close(fd_);
    }

    // When it was opened.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    // 0: the end.
    [[nodiscard]] std::expected<std::size_t, std::string> read(std::span<char> into) const {
        for (;;) {
            const ssize_t got = ::read(fd_, into.data(), into.size());
            if (got >= 0) return static_cast<std::size_t>(got);
            if (errno != EINTR) return std::unexpected(because("cannot be read", errno));
        }
    }

private:
    explicit RegularFile(int fd) : fd_(fd) {}

    int fd_;
    std::uint64_t bytes_ = 0;
};

class Matches {
public:
    explicit Matches(const std::string& pattern)
        // NOLINTNEXTLINE(concurrency-mt-unsafe): only the loader's thread expands patterns
        : result_(::glob(pattern.c_str(), GLOB_ERR, nullptr, &names_)) {}
    Matches(const Matches&) = delete;
    Matches& operator=(const Matches&) = delete;
    ~Matches() { ::globfree(&names_); }

    [[nodiscard]] int result() const { return result_; }
    [[nodiscard]] std::vector<std::string> names() const {
        return {names_.gl_pathv, names_.gl_pathv + names_.gl_pathc};
    }

private:
    glob_t names_{};
    int result_;
};

std::string too_large(std::size_t bytes_max) {
    return "is larger than " + std::to_string(bytes_max) + " bytes";
}

} // namespace

std::expected<std::string, std::string> read_file(const std::string& path, std::size_t bytes_max) {
    const auto file = RegularFile::open(path);
    if (!file) return std::unexpected(file.error());
    if (file->bytes() > bytes_max) return std::unexpected(too_large(bytes_max));

    // The size is only a first guess: the file may grow while it is read. One byte more than it
    // says, so that the end is seen without another round.
    std::string content;
    std::size_t filled = 0;
    content.resize(static_cast<std::size_t>(file->bytes()) + 1);
    for (;;) {
        const auto got = file->read(std::span(content).subspan(filled));
        if (!got) return std::unexpected(got.error());
        if (*got == 0) break;
        filled += *got;
        if (filled > bytes_max) return std::unexpected(too_large(bytes_max));
        if (filled == content.size()) content.resize(filled * 2);
    }
    content.resize(filled);
    return content;
}

// Not mapped: a mapped file that somebody cuts short meanwhile ends the process.
std::expected<void, std::string> stream_file(const std::string& path, const TakePiece& take) {
    constexpr std::size_t piece_bytes = std::size_t{1} << 20;
    const auto file = RegularFile::open(path);
    if (!file) return std::unexpected(file.error());
    const auto buffer = std::make_unique_for_overwrite<char[]>(piece_bytes);
    for (;;) {
        const auto got = file->read({buffer.get(), piece_bytes});
        if (!got) return std::unexpected(got.error());
        if (*got == 0) return {};
        take({buffer.get(), *got}, file->bytes());
    }
}

std::string path_beside(std::string_view file, std::string_view named) {
    return (std::filesystem::path(file).parent_path() / named).string();
}

std::expected<std::vector<std::string>, std::string> files_matching(const std::string& pattern) {
    if (pattern.find_first_of("*?[") == std::string::npos) return std::vector{pattern};
    const Matches matches(pattern);
    switch (matches.result()) {
    case 0: return matches.names(); // glob sorts them
    case GLOB_NOMATCH: return std::vector<std::string>{};
    case GLOB_NOSPACE: return std::unexpected("cannot be expanded: not enough memory");
    default: return std::unexpected("cannot be expanded: a directory in it cannot be read");
    }
}

} // namespace postern::policy
