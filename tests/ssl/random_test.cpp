#include "ssl/random.h"

#include <catch2/catch.hpp>

#include <array>

namespace postern::ssl {

TEST_CASE("a generator fills what it is given, never twice alike", "[ssl]") {
    const auto random = Random::open();
    REQUIRE(random.has_value());
    std::array<std::uint8_t, 32> one{};
    std::array<std::uint8_t, 32> other{};
    CHECK((*random)->fill(one));
    CHECK((*random)->fill(other));
    CHECK(one != other);
    CHECK(one != std::array<std::uint8_t, 32>{});
}

} // namespace postern::ssl
