#include "gateway/spool/error.h"

#include <catch2/catch.hpp>

namespace postern::spool {
namespace {

TEST_CASE("every error of the spool has its words", "[spool]") {
    CHECK(text(Error::full) == "no space left");
    CHECK(text(Error::failed) == "the disk failed");
    CHECK(text(Error::damaged) == "damaged");
    CHECK(text(Error::too_big) == "too big");
    CHECK(text(Error::stopped) == "stopped");
}

} // namespace
} // namespace postern::spool
