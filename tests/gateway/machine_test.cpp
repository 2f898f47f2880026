#include "gateway/machine.h"

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <string>

namespace postern::gateway::test {
namespace {

std::string text_of(const report::Section& section) {
    std::string text;
    section.append_text(text);
    return text;
}

} // namespace

TEST_CASE("the versions are those of this build") {
    const std::string text = text_of(versions());
    CHECK_THAT(text, Catch::Contains("\n  postern: " POSTERN_VERSION "\n"));
    CHECK_THAT(text, Catch::Contains("\n  tls: wolfSSL "));
    CHECK_THAT(text, Catch::Contains("\n  libunbound: 1."));
    CHECK_THAT(text, Catch::Contains("\n  compiler: "));
}

TEST_CASE("the kernel has been tried") {
    const std::string text = text_of(machine());
    CHECK_THAT(text, Catch::Contains("\n  kernel: "));
    CHECK_THAT(text, Catch::Contains("\n  io_uring ring: works\n"));
    CHECK_THAT(text, Catch::Contains("\n  io_uring multishot receive: works\n"));
}

TEST_CASE("limits are those that count now") {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_CORE, &before) == 0);
    const rlimit small{.rlim_cur = 0, .rlim_max = before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_CORE, &small) == 0);
    report::Section section{"limits"};
    append_limits(section);
    ::setrlimit(RLIMIT_CORE, &before);
    CHECK_THAT(text_of(section), Catch::Contains("\n  limit_core: 0, at most "));
    CHECK_THAT(text_of(section), Catch::Contains("\n  limit_nofile: "));
}

} // namespace postern::gateway::test
