#include "policy/files.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace postern::policy;

namespace {

class Directory {
public:
    Directory() {
        std::string name = (std::filesystem::temp_directory_path() / "postern-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string with(const std::string& name, const std::string& text) const {
        const std::filesystem::path path = path_ / name;
        std::ofstream(path) << text;
        return path.string();
    }
    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

std::string streamed(const Files& files, const std::string& path) {
    std::string text;
    const auto done = files.stream(path, [&](std::string_view piece, std::uint64_t whole) {
        text += piece;
        CHECK(whole >= piece.size());
    });
    return done ? text : done.error();
}

} // namespace

TEST_CASE("a file of many pieces is streamed whole") {
    const Directory directory;
    std::string text;
    while (text.size() < (std::size_t{5} << 19))
        text += "entry" + std::to_string(text.size()) + ".example\n";
    CHECK(streamed(DiskFiles(), directory.with("list.txt", text)) == text);
    CHECK(streamed(DiskFiles(), directory.with("empty.txt", "")).empty());
}

TEST_CASE("what is no readable file is an error") {
    const Directory directory;
    CHECK_THAT(streamed(DiskFiles(), directory.path() + "/none"),
               Catch::StartsWith("cannot be opened: "));
    CHECK(streamed(DiskFiles(), directory.path()) == "is not a regular file");
    CHECK_FALSE(DiskFiles().read(directory.path(), 100));
    CHECK_FALSE(DiskFiles().read(directory.with("long", "12345"), 4));
    CHECK(DiskFiles().read(directory.with("short", "1234"), 4).value_or("") == "1234");
}

TEST_CASE("files in memory answer as files on disk do") {
    const Directory directory;
    const std::string first = directory.with("a.toml", "1");
    const std::string second = directory.with("b.toml", "2");
    const std::string other = directory.with("c.txt", "3");
    const MemoryFiles memory({{first, "1"}, {second, "2"}, {other, "3"}});
    const DiskFiles disk;
    for (const char* pattern : {"/*.toml", "/*", "/a.toml", "/none.toml", "/none*", "/*c.txt"}) {
        const auto on_disk = disk.matching(directory.path() + pattern);
        const auto in_memory = memory.matching(directory.path() + pattern);
        REQUIRE(on_disk);
        REQUIRE(in_memory);
        CHECK(*on_disk == *in_memory);
    }
    CHECK(streamed(memory, first) == streamed(disk, first));
    CHECK(streamed(memory, directory.path() + "/none") ==
          streamed(disk, directory.path() + "/none"));
    CHECK(memory.read(first, 1) == disk.read(first, 1));
    CHECK(memory.read(first, 0) == disk.read(first, 0));
    CHECK(memory.read(directory.path() + "/none", 9) == disk.read(directory.path() + "/none", 9));
}
