#include "ssl/library.h"

#include <catch2/catch.hpp>

namespace postern::ssl {

TEST_CASE("the library can be opened again and again, also while it is open", "[ssl]") {
    const auto first = Library::open();
    REQUIRE(first.has_value());
    for (int i = 0; i < 3; ++i)
        CHECK(Library::open().has_value());
    CHECK(Library::version().starts_with("wolfSSL 5."));
    CHECK(Library::oldest_version() <= Version::tls_1_2);
}

} // namespace postern::ssl
