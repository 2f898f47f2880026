#include "gateway/io/file.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "tests/gateway/awaited.h"
#include "tests/gateway/directory.h"

namespace postern::io {
namespace {

using gateway::test::awaited;
using gateway::test::Directory;
using test::Loop;

// Fails the operations of one kind.
class Failing final : public FileFault {
public:
    Failing(FileOperation operation, int code) : operation_(operation), code_(code) {}
    [[nodiscard]] int fails(FileOperation operation) override {
        return operation == operation_ ? code_ : 0;
    }

private:
    FileOperation operation_;
    int code_;
};

File created(Loop& loop, const std::string& path, FileFault* fault = nullptr) {
    return awaited(loop, File::open(loop.ring(), path, File::Mode::create, fault)).value();
}

std::string read_all(Loop& loop, File& file, std::size_t bytes, std::uint64_t offset) {
    std::string into(bytes, '\0');
    into.resize(awaited(loop, file.read(into, offset)).value());
    return into;
}

// The largest file this process may write, for as long as this lives.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    rlimit before_{};
    void (*handler_)(int) = nullptr;
};

TEST_CASE("what is written at an offset is read there", "[file]") {
    Loop loop;
    const Directory directory;
    File file = created(loop, directory.path("a"));
    REQUIRE(awaited(loop, file.write("hello", 3)));
    REQUIRE(awaited(loop, file.write("H", 3)));
    REQUIRE(awaited(loop, file.data_sync()));
    CHECK(read_all(loop, file, 100, 3) == "Hello");
    CHECK(read_all(loop, file, 3, 0) == std::string(3, '\0'));
    CHECK(read_all(loop, file, 5, 8).empty());

    File again =
        awaited(loop, File::open(loop.ring(), directory.path("a"), File::Mode::read)).value();
    CHECK(read_all(loop, again, 2, 4) == "el");
}

TEST_CASE("a file is created once, for its owner only", "[file]") {
    Loop loop;
    const Directory directory;
    const File file = created(loop, directory.path("a"));
    CHECK(file.valid());
    struct stat facts{};
    REQUIRE(::stat(directory.path("a").c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0600U);
    const auto second =
        awaited(loop, File::open(loop.ring(), directory.path("a"), File::Mode::create));
    CHECK(second.error() == FileError::exists);
}

TEST_CASE("what is not there can be neither opened nor removed", "[file]") {
    Loop loop;
    const Directory directory;
    CHECK(awaited(loop, File::open(loop.ring(), directory.path("a"), File::Mode::read)).error() ==
          FileError::missing);
    CHECK(awaited(loop, File::remove(loop.ring(), directory.path("a"))).error() ==
          FileError::missing);
}

TEST_CASE("allocated space is there, and is given back", "[file]") {
    Loop loop;
    const Directory directory;
    const std::string path = directory.path("a");
    File file = created(loop, path);
    REQUIRE(awaited(loop, file.allocate(1U << 20U)));
    CHECK(std::filesystem::file_size(path) == 1U << 20U);
    struct stat before{};
    ::stat(path.c_str(), &before);
    REQUIRE(awaited(loop, file.write("x", 0)));
    REQUIRE(awaited(loop, file.release(4096, (1U << 20U) - 4096)));
    struct stat after{};
    ::stat(path.c_str(), &after);
    CHECK(after.st_size == before.st_size);
    CHECK(after.st_blocks < before.st_blocks);
    CHECK(read_all(loop, file, 1, 0) == "x");
}

TEST_CASE("a removed file is gone, and its directory can be synced", "[file]") {
    Loop loop;
    const Directory directory;
    {
        const File file = created(loop, directory.path("a"));
    }
    File folder =
        awaited(loop, File::open(loop.ring(), directory.path(""), File::Mode::directory)).value();
    REQUIRE(awaited(loop, File::remove(loop.ring(), directory.path("a"))));
    CHECK(awaited(loop, folder.sync()));
    CHECK_FALSE(std::filesystem::exists(directory.path("a")));
}

TEST_CASE("a file over the limit is `full`, and writable again below it", "[file]") {
    Loop loop;
    const Directory directory;
    File file = created(loop, directory.path("a"));
    {
        const FileSizeLimit limit{4096};
        CHECK(awaited(loop, file.write(std::string(8192, 'a'), 0)).error() == FileError::full);
        CHECK(awaited(loop, file.allocate(8192)).error() == FileError::full);
    }
    REQUIRE(awaited(loop, file.write(std::string(8192, 'b'), 0)));
    CHECK(read_all(loop, file, 9000, 0) == std::string(8192, 'b'));
}

TEST_CASE("each operation can be made to fail", "[file]") {
    Loop loop;
    const Directory directory;
    std::array<char, 4> into{};
    Failing open{FileOperation::open, EMFILE};
    CHECK(awaited(loop, File::open(loop.ring(), directory.path("o"), File::Mode::create, &open))
              .error() == FileError::exhausted);
    Failing write{FileOperation::write, EIO};
    File writing = created(loop, directory.path("w"), &write);
    CHECK(awaited(loop, writing.write("x", 0)).error() == FileError::failed);
    CHECK(awaited(loop, writing.data_sync()));
    Failing read{FileOperation::read, EIO};
    File reading = created(loop, directory.path("r"), &read);
    CHECK(awaited(loop, reading.read(into, 0)).error() == FileError::failed);
    Failing sync{FileOperation::sync, EIO};
    File syncing = created(loop, directory.path("s"), &sync);
    CHECK(awaited(loop, syncing.data_sync()).error() == FileError::failed);
    CHECK(awaited(loop, syncing.sync()).error() == FileError::failed);
    Failing allocate{FileOperation::allocate, ENOSPC};
    File allocating = created(loop, directory.path("l"), &allocate);
    CHECK(awaited(loop, allocating.allocate(1)).error() == FileError::full);
    Failing remove{FileOperation::remove, EROFS};
    CHECK(awaited(loop, File::remove(loop.ring(), directory.path("w"), &remove)).error() ==
          FileError::denied);
}

TEST_CASE("every error of a file has its words", "[file]") {
    CHECK(text(FileError::full) == "no space left");
    CHECK(text(file_error_from_errno(EEXIST)) == "exists already");
    CHECK(text(file_error_from_errno(ENOTDIR)) == "no such file");
    CHECK(text(file_error_from_errno(EPERM)) == "not allowed");
    CHECK(text(file_error_from_errno(ENOMEM)) == "resources exhausted");
    CHECK(text(file_error_from_errno(EIO)) == "failed");
    CHECK(file_error_from_errno(EDQUOT) == FileError::full);
}

} // namespace
} // namespace postern::io
