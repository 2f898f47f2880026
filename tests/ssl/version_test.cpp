#include "ssl/version.h"

#include <catch2/catch.hpp>

namespace postern::ssl {

TEST_CASE("versions are ordered and read as they are written", "[ssl]") {
    CHECK(Version::tls_1_0 < Version::tls_1_1);
    CHECK(Version::tls_1_2 < Version::tls_1_3);
    for (const auto* const written : {"1.0", "1.1", "1.2", "1.3"}) {
        const auto version = version_from(written);
        REQUIRE(version.has_value());
        CHECK(text(*version) == written);
    }
    for (const auto* const wrong : {"", "1", "1.4", "TLSv1.2", "1.2 "}) {
        CHECK_FALSE(version_from(wrong).has_value());
    }
}

} // namespace postern::ssl
