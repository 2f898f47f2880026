#include "perf/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace postern::perf {

Histogram::Histogram() : counts_(((value_bits - exact_bits) + 1UL) << exact_bits) {}

std::size_t Histogram::bucket_of(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= exact_bits) return value;
    // The highest bit says which group; the seven behind it, where in the group.
    const unsigned shift = width - exact_bits - 1;
    return ((shift + 1UL) << exact_bits) + (value >> shift) - (1UL << exact_bits);
}

std::uint64_t Histogram::highest_in(std::size_t bucket) {
    const std::uint64_t group = bucket >> exact_bits;
    if (group == 0) return bucket;
    const std::uint64_t within = bucket & ((1UL << exact_bits) - 1);
    return ((((1UL << exact_bits) + within) + 1) << (group - 1)) - 1;
}

void Histogram::record(std::uint64_t value) {
    value = std::min(value, (std::uint64_t{1} << value_bits) - 1);
    ++counts_[bucket_of(value)];
    ++count_;
    max_ = std::max(max_, value);
    sum_ += static_cast<double>(value);
}

void Histogram::add(const Histogram& other) {
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
        counts_[bucket] += other.counts_[bucket];
    }
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
    sum_ += other.sum_;
}

double Histogram::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

std::uint64_t Histogram::percentile(double percent) const {
    if (count_ == 0) return 0;
    const double share = std::ceil(static_cast<double>(count_) * percent / 100);
    const auto wanted = std::max<std::uint64_t>(static_cast<std::uint64_t>(share), 1);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
        seen += counts_[bucket];
        if (seen >= wanted) return std::min(highest_in(bucket), max_);
    }
    return max_;
}

} // namespace postern::perf
