#include "policy/file.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace postern::policy {
namespace {

/// An empty directory for one test.
class Directory {
public:
    Directory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "postern-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string file(std::string_view name, std::string_view content) const {
        std::string path = this->path(name);
        std::ofstream(path) << content;
        return path;
    }
    [[nodiscard]] std::string path(std::string_view name) const {
        return (std::filesystem::path(path_) / name).string();
    }

private:
    std::string path_;
};

} // namespace

TEST_CASE("a file is read whole up to its bound, and refused one byte above it") {
    const Directory directory;
    const std::string path = directory.file("a", std::string(1000, 'x'));
    CHECK(read_file(path, 1000) == std::string(1000, 'x'));
    const auto refused = read_file(path, 999);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == "is larger than 999 bytes");
    CHECK(read_file(directory.file("empty", ""), 0) == "");
}

TEST_CASE("what cannot be read says why") {
    const Directory directory;
    const auto missing = read_file(directory.path("none"), 10);
    REQUIRE_FALSE(missing);
    CHECK(missing.error() == "cannot be opened: No such file or directory");
    const auto no_file = read_file(directory.path("."), 10);
    REQUIRE_FALSE(no_file);
    CHECK(no_file.error() == "is not a regular file");
}

TEST_CASE("a named pipe without a writer is refused at once") {
    const Directory directory;
    const std::string path = directory.path("pipe");
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK_FALSE(read_file(path, 10));
}

TEST_CASE("a file whose size the kernel does not say is read up to the bound, too") {
    CHECK(read_file("/proc/self/status", 1'000'000)->starts_with("Name:"));
    CHECK_FALSE(read_file("/proc/self/status", 10));
}

TEST_CASE("names are relative to the file they stand in") {
    CHECK(path_beside("/etc/postern/policy.toml", "lists/banks.txt") ==
          "/etc/postern/lists/banks.txt");
    CHECK(path_beside("/etc/postern/policy.toml", "/srv/banks.txt") == "/srv/banks.txt");
    CHECK(path_beside("policy.toml", "banks.txt") == "banks.txt");
    CHECK(path_beside("conf/policy.toml", "../banks.txt") == "conf/../banks.txt");
}

TEST_CASE("a pattern names files in their order, a plain name itself") {
    const Directory directory;
    const std::string second = directory.file("20-b.toml", "");
    const std::string first = directory.file("10-a.toml", "");
    std::ignore = directory.file("30-c.txt", "");
    CHECK(files_matching(directory.path("*.toml")) == std::vector{first, second});
    CHECK(files_matching(directory.path("*.none")) == std::vector<std::string>{});
    CHECK(files_matching(directory.path("none")) == std::vector{directory.path("none")});
}

} // namespace postern::policy
