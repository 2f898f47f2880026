#include "gateway/spool/disk.h"

#include "gateway/io/descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace postern::spool {
namespace {

constexpr mode_t file_mode = 0600;
constexpr mode_t directory_mode = 0700;

std::unexpected<std::string> refusal(std::string_view what, const std::string& path, int code) {
    return std::unexpected{"cannot " + std::string{what} + " " + path + ": " +
                           std::generic_category().message(code)};
}

std::expected<io::Descriptor, std::string> opened(const std::string& path, int flags) {
    io::Descriptor file{::open(path.c_str(), flags | O_CLOEXEC, file_mode)};
    if (!file.valid()) return refusal("open", path, errno);
    return file;
}

DiskResult write_all(const io::Descriptor& file,
                     std::string_view bytes,
                     std::uint64_t at,
                     const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t written =
            ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return refusal("write", path, errno);
        bytes.remove_prefix(static_cast<std::size_t>(written));
        at += static_cast<std::uint64_t>(written);
    }
    if (::fsync(file.get()) != 0) return refusal("write", path, errno);
    return {};
}

} // namespace

DiskResult make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), directory_mode) != 0 && errno != EEXIST) {
        return refusal("make", path, errno);
    }
    return {};
}

std::expected<std::vector<std::string>, std::string> names_in(const std::string& directory) {
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator entry{directory, error};
    while (!error && entry != std::filesystem::directory_iterator{}) {
        names.push_back(entry->path().filename().string());
        entry.increment(error);
    }
    if (error) return refusal("read", directory, error.value());
    std::ranges::sort(names);
    return names;
}

std::expected<std::string, std::string> read_file(const std::string& path,
                                                  std::uint64_t bytes_max) {
    const auto file = opened(path, O_RDONLY);
    if (!file) return std::unexpected{file.error()};
    struct stat facts{};
    if (::fstat(file->get(), &facts) != 0) return refusal("read", path, errno);
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    if (size > bytes_max) return refusal("read", path, EFBIG);
    std::string bytes(size, '\0');
    std::size_t total = 0;
    while (total < bytes.size()) {
        const ssize_t read = ::pread(
            file->get(), bytes.data() + total, bytes.size() - total, static_cast<off_t>(total));
        if (read < 0 && errno == EINTR) continue;
        if (read < 0) return refusal("read", path, errno);
        if (read == 0) break;
        total += static_cast<std::size_t>(read);
    }
    bytes.resize(total);
    return bytes;
}

DiskResult write_file(const std::string& path, std::string_view bytes) {
    const auto file = opened(path, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file) return std::unexpected{file.error()};
    return write_all(*file, bytes, 0, path);
}

DiskResult overwrite(const std::string& path, std::uint64_t offset, std::string_view bytes) {
    const auto file = opened(path, O_WRONLY);
    if (!file) return std::unexpected{file.error()};
    return write_all(*file, bytes, offset, path);
}

DiskResult cut(const std::string& path, std::uint64_t bytes) {
    const auto file = opened(path, O_WRONLY);
    if (!file) return std::unexpected{file.error()};
    if (::ftruncate(file->get(), static_cast<off_t>(bytes)) != 0 || ::fsync(file->get()) != 0) {
        return refusal("cut", path, errno);
    }
    return {};
}

DiskResult remove_file(const std::string& path) {
    if (::unlink(path.c_str()) != 0) return refusal("remove", path, errno);
    return {};
}

DiskResult sync_file(const std::string& path) {
    const auto file = opened(path, O_RDONLY);
    if (!file) return std::unexpected{file.error()};
    if (::fsync(file->get()) != 0) return refusal("sync", path, errno);
    return {};
}

DiskResult sync_directory(const std::string& path) {
    const auto directory = opened(path, O_RDONLY | O_DIRECTORY);
    if (!directory) return std::unexpected{directory.error()};
    if (::fsync(directory->get()) != 0) return refusal("sync", path, errno);
    return {};
}

} // namespace postern::spool
