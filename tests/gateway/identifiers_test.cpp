#include "gateway/identifiers.h"

#include <catch2/catch.hpp>

namespace postern::gateway::test {
namespace {

using namespace std::chrono_literals;

const std::chrono::system_clock::time_point start{1795509368123456us};

} // namespace

TEST_CASE("an identifier is the start, the core and a count, in hexadecimal") {
    Identifiers identifiers{start, 17};
    CHECK(identifiers.next() == "661019a13f040-11-1");
    CHECK(identifiers.next() == "661019a13f040-11-2");
    for (int made = 2; made < 15; ++made) {
        CHECK(identifiers.next().size() == 18);
    }
    CHECK(identifiers.next() == "661019a13f040-11-10");
}

TEST_CASE("another core and another start have other identifiers") {
    const std::string one = Identifiers{start, 0}.next();
    CHECK(one != Identifiers{start, 1}.next());
    CHECK(one != Identifiers{start + 1us, 0}.next());
    CHECK(one == Identifiers{start, 0}.next());
}

} // namespace postern::gateway::test
