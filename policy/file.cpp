#include "policy/file.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace postern::policy {
namespace {

class OpenFile {
public:
    // Without O_NONBLOCK, opening a named pipe waits for a writer for ever.
    explicit OpenFile(const std::string& path)
        : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() {
        if (fd_ >= 0) ::close(fd_);
    }

    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

class Matches {
public:
    explicit Matches(const std::string& pattern)
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

std::string because(std::string_view what, int error) {
    std::string text(what);
    text += ": ";
    text += std::generic_category().message(error);
    return text;
}

std::string too_large(std::size_t bytes_max) {
    return "is larger than " + std::to_string(bytes_max) + " bytes";
}

} // namespace

std::expected<std::string, std::string> read_file(const std::string& path, std::size_t bytes_max) {
    const OpenFile file(path);
    if (file.fd() < 0) return std::unexpected(because("cannot be opened", errno));
    struct stat facts{};
    if (::fstat(file.fd(), &facts) != 0) return std::unexpected(because("cannot be read", errno));
    if (!S_ISREG(facts.st_mode)) return std::unexpected("is not a regular file");
    if (static_cast<std::size_t>(facts.st_size) > bytes_max) {
        return std::unexpected(too_large(bytes_max));
    }

    // The size is only a first guess: the file may grow while it is read. One byte more than it
    // says, so that the end is seen without another round.
    std::string content;
    std::size_t filled = 0;
    content.resize(static_cast<std::size_t>(facts.st_size) + 1);
    for (;;) {
        const ssize_t got = ::read(file.fd(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::unexpected(because("cannot be read", errno));
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
        if (filled > bytes_max) return std::unexpected(too_large(bytes_max));
        if (filled == content.size()) content.resize(filled * 2);
    }
    content.resize(filled);
    return content;
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
