#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace postern::perf {

// How often each value came, exactly below 128 and to better than 1 % above: 128 buckets of equal
// width for every power of two. Recording allocates nothing. Values beyond the last bucket count as
// the largest.
class Histogram {
public:
    Histogram();

    void record(std::uint64_t value);
    void add(const Histogram& other);

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t max() const { return max_; }
    [[nodiscard]] double mean() const;
    // The value that so many of a hundred do not exceed, never told too low; 0 when there is none.
    [[nodiscard]] std::uint64_t percentile(double percent) const;

private:
    static constexpr unsigned exact_bits = 7;
    static constexpr unsigned value_bits = 40; // microseconds: twelve days

    [[nodiscard]] static std::size_t bucket_of(std::uint64_t value);
    [[nodiscard]] static std::uint64_t highest_in(std::size_t bucket);

    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
    double sum_ = 0;
};

} // namespace postern::perf
