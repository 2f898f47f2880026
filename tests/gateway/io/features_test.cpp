#include "gateway/io/features.h"

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <algorithm>

namespace postern::io {

TEST_CASE("everything that the loop needs is tried, and works where the loop does") {
    const std::vector<Feature> features = try_features();
    CHECK(features.size() == 6);
    for (const Feature& feature : features) {
        CAPTURE(feature.name);
        CHECK(feature.result == "works");
    }
    CHECK(library_version().starts_with("2."));
}

TEST_CASE("what does not work says why") {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    const std::vector<Feature> features = try_features();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    REQUIRE(features.size() == 1);
    CHECK(features.front().name == "ring");
    CHECK(features.front().result == "no file descriptor left for io_uring: raise LimitNOFILE");
}

} // namespace postern::io
