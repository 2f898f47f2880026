#include "gateway/deliver/lanes.h"

#include <catch2/catch.hpp>

namespace postern::deliver {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Lanes::Clock::time_point start{seconds{1'800'000'000}};

} // namespace

TEST_CASE("no more deliveries to one place run at a time than may, and other places do not mind") {
    Lanes lanes{2};
    CHECK_FALSE(lanes.enter("a.example", start));
    CHECK_FALSE(lanes.enter("a.example", start));
    CHECK(lanes.enter("a.example", start));
    CHECK_FALSE(lanes.enter("b.example", start));
    lanes.leave("a.example", seconds{1}, start);
    CHECK_FALSE(lanes.enter("a.example", start));
}

TEST_CASE("whoever is sent away comes again when it will be their turn") {
    Lanes lanes{1};
    CHECK_FALSE(lanes.enter("slow.example", start));
    for (int times = 0; times < 100; ++times) { // a delivery takes 20 s there
        lanes.leave("slow.example", seconds{20}, start - seconds{1});
        CHECK_FALSE(lanes.enter("slow.example", start));
        const auto turn = lanes.enter("slow.example", start);
        REQUIRE(turn);
    }
    const auto one = lanes.enter("slow.example", start);
    const auto other = lanes.enter("slow.example", start);
    REQUIRE(one);
    REQUIRE(other);
    CHECK(*other - *one >= seconds{19});
    CHECK(*other - *one <= seconds{21});
}

TEST_CASE("nobody is asked to come again at once") {
    Lanes lanes{1};
    CHECK_FALSE(lanes.enter("quick.example", start));
    for (int times = 0; times < 100; ++times) {
        lanes.leave("quick.example", milliseconds{1}, start - seconds{1});
        CHECK_FALSE(lanes.enter("quick.example", start));
    }
    const auto turn = lanes.enter("quick.example", start);
    REQUIRE(turn);
    CHECK(*turn >= start + seconds{1});
    CHECK(*turn <= start + seconds{2});
}

TEST_CASE("whoever was sent away is fetched when there is room, the first first") {
    Lanes lanes{1};
    lanes.remember("a.example", 1); // nobody is there
    CHECK_FALSE(lanes.next("a.example"));
    CHECK_FALSE(lanes.enter("a.example", start));
    for (const spool::MessageId id : {spool::MessageId{7}, spool::MessageId{5}}) {
        CHECK(lanes.enter("a.example", start));
        lanes.remember("a.example", id);
    }
    CHECK_FALSE(lanes.next("a.example"));
    lanes.leave("a.example", seconds{1}, start + seconds{10});
    CHECK(lanes.next("a.example") == 7);
    CHECK_FALSE(lanes.enter("a.example", start + seconds{10}));
    CHECK_FALSE(lanes.next("a.example"));
    lanes.leave("a.example", seconds{1}, start + seconds{20});
    CHECK(lanes.next("a.example") == 5);
    CHECK_FALSE(lanes.next("a.example"));
}

TEST_CASE("a place that is used no more is forgotten, unless somebody waits for a turn") {
    Lanes lanes{1};
    CHECK_FALSE(lanes.enter("a.example", start));
    lanes.leave("a.example", seconds{1}, start);
    CHECK(lanes.lanes() == 0);
    CHECK_FALSE(lanes.enter("a.example", start));
    CHECK(lanes.enter("a.example", start));
    lanes.leave("a.example", seconds{1}, start);
    CHECK(lanes.lanes() == 1);
    CHECK_FALSE(lanes.enter("a.example", start + seconds{10}));
    lanes.leave("a.example", seconds{1}, start + seconds{10});
    CHECK(lanes.lanes() == 0);
    lanes.leave("never.example", seconds{1}, start);
}

TEST_CASE("after the clock was set back nobody is given a turn of the time before") {
    Lanes lanes{1};
    constexpr std::chrono::hours day{24};
    CHECK_FALSE(lanes.enter("a.example", start + day));
    CHECK(lanes.enter("a.example", start + day));
    lanes.forget_turns();
    CHECK(lanes.enter("a.example", start) <= start + seconds{2});
}

} // namespace postern::deliver
