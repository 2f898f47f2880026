#include "gateway/report/counter.h"

#include <catch2/catch.hpp>

#include <string>
#include <thread>

namespace postern::report {

TEST_CASE("counters go up, gauges up and down") {
    Counter counter;
    counter.add();
    counter.add(4);
    CHECK(counter.value() == 5);
    Gauge gauge;
    gauge.add(3);
    gauge.subtract(5);
    CHECK(gauge.value() == -2);
}

TEST_CASE("names have a counter each, as long as there is room") {
    NamedCounters counters;
    for (std::size_t index = 0; index < NamedCounters::names_max; ++index) {
        counters.add("name " + std::to_string(index));
    }
    CHECK(counters.size() == NamedCounters::names_max);
    CHECK(counters.rest() == 0);
    counters.add("one too many", 3);
    counters.add("name 63", 6);
    CHECK(counters.size() == NamedCounters::names_max);
    CHECK(counters.rest() == 3);
    CHECK(counters.name(63) == "name 63");
    CHECK(counters.value(63) == 7);
}

TEST_CASE("another thread may read while the owner counts", "[tsan]") {
    NamedCounters counters;
    Counter plain;
    constexpr std::uint64_t rounds = 10'000;
    std::thread owner([&] {
        for (std::uint64_t round = 0; round < rounds; ++round) {
            counters.add(std::to_string(round % 50));
            plain.add();
        }
    });
    std::uint64_t last = 0;
    while (last < rounds) {
        CHECK(plain.value() >= last);
        last = plain.value();
        for (std::size_t index = 0; index < counters.size(); ++index) {
            if (counters.name(index) != std::to_string(index)) FAIL("a name changed");
        }
    }
    owner.join();
    CHECK(counters.size() == 50);
}

TEST_CASE("a duration falls in the first bucket that does not end before it") {
    Histogram histogram;
    histogram.add(std::chrono::microseconds(-5)); // clocks of different kinds do that
    histogram.add(std::chrono::microseconds(500));
    histogram.add(std::chrono::microseconds(501));
    histogram.add(std::chrono::seconds(60));
    histogram.add(std::chrono::seconds(60) + std::chrono::microseconds(1));
    CHECK(histogram.count(0) == 2);
    CHECK(histogram.count(1) == 1);
    CHECK(histogram.count(15) == 1);
    CHECK(histogram.count(16) == 1);
    CHECK(histogram.sum() == std::chrono::microseconds(120'001'002));
}

TEST_CASE("verdicts are counted apart") {
    VerdictCounters counters;
    counters.add(Verdict::refused);
    counters.add(Verdict::refused);
    counters.add(Verdict::reported);
    CHECK(counters.value(Verdict::accepted) == 0);
    CHECK(counters.value(Verdict::refused) == 2);
    CHECK(counters.value(Verdict::deferred) == 0);
    CHECK(counters.value(Verdict::reported) == 1);
    CHECK(text(Verdict::accepted) == "accepted");
    CHECK(text(Verdict::refused) == "refused");
    CHECK(text(Verdict::deferred) == "deferred");
    CHECK(text(Verdict::reported) == "reported");
}

} // namespace postern::report
