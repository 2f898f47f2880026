#include "gateway/spool/disk.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "tests/gateway/directory.h"

namespace postern::spool {
namespace {

TEST_CASE("files are written, changed, cut and removed", "[spool]") {
    const gateway::test::Directory directory;
    const std::string folder = directory.path("folder");
    const std::string path = folder + "/a";
    REQUIRE(make_directory(folder));
    REQUIRE(make_directory(folder)); // it may be there
    REQUIRE(write_file(path, "hello"));
    REQUIRE(overwrite(path, 1, "a"));
    CHECK(read_file(path, 5).value() == "hallo");
    REQUIRE(cut(path, 3));
    CHECK(read_file(path, 5).value() == "hal");
    REQUIRE(write_file(path, "x"));
    CHECK(read_file(path, 5).value() == "x");
    REQUIRE(write_file(folder + "/0", ""));
    CHECK(names_in(folder).value() == std::vector<std::string>{"0", "a"});
    REQUIRE(remove_file(folder + "/0"));
    REQUIRE(sync_directory(folder));
    CHECK(names_in(folder).value() == std::vector<std::string>{"a"});
}

TEST_CASE("what does not work is said with the path and the reason", "[spool]") {
    const gateway::test::Directory directory;
    const std::string path = directory.path("none/a");
    const auto why = [&](const auto& result) { return directory.without(result.error()); };
    CHECK(why(make_directory(path)) == "cannot make none/a: No such file or directory");
    CHECK(why(names_in(path)) == "cannot read none/a: No such file or directory");
    CHECK(why(read_file(path, 1)) == "cannot open none/a: No such file or directory");
    CHECK(why(write_file(path, "")) == "cannot open none/a: No such file or directory");
    CHECK(why(overwrite(path, 0, "")) == "cannot open none/a: No such file or directory");
    CHECK(why(cut(path, 0)) == "cannot open none/a: No such file or directory");
    CHECK(why(remove_file(path)) == "cannot remove none/a: No such file or directory");
    CHECK(why(sync_directory(path)) == "cannot open none/a: No such file or directory");
    directory.write("big", "12");
    CHECK(why(read_file(directory.path("big"), 1)) == "cannot read big: File too large");
}

} // namespace
} // namespace postern::spool
