#include "gateway/watch.h"

#include <catch2/catch.hpp>

#include <poll.h>

#include "tests/gateway/directory.h"

namespace postern::gateway::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Whether something happened since the last time. The kernel tells before the change returns.
bool happened(Watch& watch) {
    pollfd readable{.fd = watch.fd(), .events = POLLIN, .revents = 0};
    const bool yes = ::poll(&readable, 1, 0) == 1;
    watch.drain();
    return yes;
}

// As Kubernetes lays out a ConfigMap: the file is a link to one in a directory behind a link.
struct ConfigMap {
    Directory directory;
    std::vector<std::string> files{directory.path("policy.toml")};

    ConfigMap() {
        publish("..1", "one");
        fs::create_symlink("..data/policy.toml", files[0]);
    }
    void publish(const std::string& name, const std::string& text) const {
        fs::create_directory(directory.path(name));
        directory.write(name + "/policy.toml", text);
        fs::create_directory_symlink(name, directory.path("..data_tmp"));
        fs::rename(directory.path("..data_tmp"), directory.path("..data"));
    }
};

} // namespace

TEST_CASE("a change in place, a replacement and a removal are heard") {
    const Directory directory;
    const std::vector<std::string> files{directory.write("policy.toml", "one")};
    Watch watch;
    watch.set(files);
    CHECK_FALSE(happened(watch));
    directory.write("policy.toml", "two");
    CHECK(happened(watch));
    directory.write("policy.toml.new", "three");
    CHECK(happened(watch));
    fs::rename(directory.path("policy.toml.new"), files[0]);
    CHECK(happened(watch));
    fs::remove(files[0]);
    CHECK(happened(watch));
    CHECK_FALSE(happened(watch));
}

TEST_CASE("reading alone is no change") {
    const Directory directory;
    const std::vector<std::string> files{directory.write("policy.toml", "one")};
    Watch watch;
    watch.set(files);
    std::string word;
    std::ifstream(files[0]) >> word;
    CHECK(word == "one");
    CHECK_FALSE(happened(watch));
}

TEST_CASE("a burst of changes is drained in one go") {
    const Directory directory;
    const std::vector<std::string> files{directory.write("policy.toml", "one")};
    Watch watch;
    watch.set(files);
    for (int change = 0; change < 1000; ++change) {
        directory.write("policy.toml", std::to_string(change));
    }
    CHECK(happened(watch));
    CHECK_FALSE(happened(watch));
}

TEST_CASE("the swap of a link is heard, wherever on the way it lies") {
    ConfigMap map;
    Watch watch;
    watch.set(map.files);
    SECTION("as Kubernetes publishes") {
        map.publish("..2", "two");
        CHECK(happened(watch));
        watch.set(map.files); // and again from there
        map.publish("..3", "three");
        CHECK(happened(watch));
        watch.set(map.files);
        map.directory.write("..3/policy.toml", "in place behind the link");
        CHECK(happened(watch));
    }
    SECTION("a link to a link") {
        const Directory other;
        fs::create_symlink(map.files[0], other.path("link"));
        const std::vector<std::string> files{other.path("link")};
        watch.set(files);
        fs::create_directory_symlink("..1", map.directory.path("..data_tmp"));
        happened(watch);
        fs::rename(map.directory.path("..data_tmp"), map.directory.path("..data"));
        CHECK(happened(watch));
    }
    SECTION("a directory behind a link") {
        const Directory other;
        fs::create_directory_symlink(map.directory.path("..1"), other.path("postern"));
        const std::vector<std::string> files{other.path("postern/policy.toml")};
        watch.set(files);
        fs::create_directory_symlink(map.directory.path("..2"), other.path("next"));
        happened(watch);
        fs::rename(other.path("next"), other.path("postern"));
        CHECK(happened(watch));
    }
}

TEST_CASE("links that lead in a circle are no end of the world") {
    const Directory directory;
    fs::create_symlink("b", directory.path("a"));
    fs::create_symlink("a", directory.path("b"));
    const std::vector<std::string> files{directory.path("a")};
    Watch watch;
    watch.set(files);
    fs::remove(directory.path("b"));
    CHECK(happened(watch));
}

TEST_CASE("a directory that is removed and made again is watched again") {
    const Directory directory;
    fs::create_directory(directory.path("lists"));
    const std::vector<std::string> files{directory.write("lists/banks.txt", "one")};
    Watch watch;
    watch.set(files);
    fs::remove_all(directory.path("lists"));
    CHECK(happened(watch));
    watch.set(files);
    CHECK_FALSE(happened(watch));
    fs::create_directory(directory.path("lists"));
    CHECK(happened(watch));
    watch.set(files);
    directory.write("lists/banks.txt", "two");
    CHECK(happened(watch));
}

TEST_CASE("files that are watched no more are not heard, those that stay are") {
    const Directory one;
    const Directory other;
    const std::vector<std::string> both{one.write("a", "1"), other.write("b", "2")};
    Watch watch;
    watch.set(both);
    watch.set(std::span{both}.first(1));
    happened(watch); // the kernel says so when it watches no more
    other.write("b", "3");
    CHECK_FALSE(happened(watch));
    one.write("a", "3");
    CHECK(happened(watch));
}

TEST_CASE("a fingerprint changes with what is read, and with nothing else") {
    ConfigMap map;
    const std::string before = fingerprint(map.files);
    CHECK(fingerprint(map.files) == before);
    map.directory.write("another file", "x");
    CHECK(fingerprint(map.files) == before);
    SECTION("content") {
        map.directory.write("..1/policy.toml", "longer");
        CHECK(fingerprint(map.files) != before);
    }
    SECTION("another file of the same size under the name") {
        const auto then = fs::last_write_time(map.directory.path("..1/policy.toml"));
        map.directory.write("new", "two");
        fs::last_write_time(map.directory.path("new"), then);
        fs::rename(map.directory.path("new"), map.directory.path("..1/policy.toml"));
        CHECK(fingerprint(map.files) != before);
    }
    SECTION("a swapped link") {
        map.publish("..2", "two");
        CHECK(fingerprint(map.files) != before);
    }
    SECTION("a file that goes") {
        fs::remove(map.directory.path("..1/policy.toml"));
        CHECK(fingerprint(map.files) != before);
        CHECK_FALSE(fingerprint(map.files).empty());
    }
}

TEST_CASE("files have changed in a time that has their last change in it, and in no other") {
    const auto before = std::chrono::system_clock::now();
    const Directory directory;
    const std::vector<std::string> files{directory.path("missing"), directory.write("a", "1")};
    CHECK(changed_between(files, before, before + 1h));
    CHECK_FALSE(changed_between(files, before + 1h, before + 2h));
    CHECK_FALSE(changed_between(files, before - 2h, before - 1h)); // the clock was set back
    CHECK_FALSE(changed_between(std::span{files}.first(1), before, before + 1h));
}

} // namespace postern::gateway::test
