#include "ssl/peer.h"

#include <catch2/catch.hpp>

#include <set>

namespace postern::ssl {

TEST_CASE("every verdict has a name of its own", "[ssl]") {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(ChainVerdict::store_unusable); ++i) {
        CHECK(names.insert(text(static_cast<ChainVerdict>(i))).second);
    }
    CHECK_FALSE(names.contains(""));
}

} // namespace postern::ssl
