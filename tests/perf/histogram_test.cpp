#include <catch2/catch.hpp>

#include <cstdint>

#include "perf/histogram.h"

using postern::perf::Histogram;

TEST_CASE("an empty histogram says zero", "[perf]") {
    const Histogram histogram;
    CHECK(histogram.count() == 0);
    CHECK(histogram.percentile(50) == 0);
    CHECK(histogram.max() == 0);
    CHECK(histogram.mean() == 0);
}

TEST_CASE("values below 128 are kept exactly", "[perf]") {
    Histogram histogram;
    for (std::uint64_t value = 0; value < 128; ++value) {
        histogram.record(value);
    }
    CHECK(histogram.percentile(50) == 63);
    CHECK(histogram.percentile(100) == 127);
    CHECK(histogram.percentile(0) == 0);
}

TEST_CASE("a percentile is never told too low, and at most 1 % too high", "[perf]") {
    for (std::uint64_t value = 1; value < (std::uint64_t{1} << 39); value = value * 3 + 1) {
        Histogram histogram;
        histogram.record(value);
        histogram.record((std::uint64_t{1} << 40) - 1); // so that the largest does not cut it
        const std::uint64_t told = histogram.percentile(50);
        CHECK(told >= value);
        CHECK(static_cast<double>(told) <= static_cast<double>(value) * 1.01);
    }
}

TEST_CASE("neighbouring values on both sides of a bucket's edge keep their order", "[perf]") {
    for (const std::uint64_t edge : {128U, 256U, 512U, 65536U}) {
        Histogram histogram;
        histogram.record(edge - 1);
        histogram.record(edge);
        CHECK(histogram.percentile(50) == edge - 1);
        CHECK(histogram.percentile(100) == edge);
    }
}

TEST_CASE("percentiles of a uniform spread", "[perf]") {
    Histogram histogram;
    for (std::uint64_t value = 1; value <= 100'000; ++value) {
        histogram.record(value);
    }
    CHECK(histogram.percentile(50) == Approx(50'000).epsilon(0.01));
    CHECK(histogram.percentile(99.9) == Approx(99'900).epsilon(0.01));
    CHECK(histogram.percentile(100) == 100'000);
    CHECK(histogram.mean() == Approx(50'000.5));
}

TEST_CASE("values beyond the last bucket count as the largest", "[perf]") {
    Histogram histogram;
    histogram.record(UINT64_MAX);
    CHECK(histogram.max() == (std::uint64_t{1} << 40) - 1);
    CHECK(histogram.percentile(50) == histogram.max());
}

TEST_CASE("adding two histograms is recording everything in one", "[perf]") {
    Histogram both;
    Histogram low;
    Histogram high;
    for (std::uint64_t value = 0; value < 1000; ++value) {
        low.record(value);
        high.record(value * 1000);
        both.record(value);
        both.record(value * 1000);
    }
    low.add(high);
    CHECK(low.count() == both.count());
    CHECK(low.max() == both.max());
    CHECK(low.mean() == Approx(both.mean()));
    for (const double percent : {1.0, 50.0, 90.0, 99.9}) {
        CHECK(low.percentile(percent) == both.percentile(percent));
    }
}
