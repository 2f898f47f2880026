#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Numbers that one thread writes and others read at any time. A plain load, an addition and a plain
// store: no locked instruction, since nobody else writes.

namespace postern::report {

/// Only goes up.
class Counter {
public:
    void add(std::uint64_t amount = 1) { set(value() + amount); }
    /// For a count that is kept elsewhere and copied here now and then.
    void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

/// Goes up and down.
class Gauge {
public:
    void add(std::int64_t amount = 1) { set(value() + amount); }
    void subtract(std::int64_t amount = 1) { set(value() - amount); }
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_ = 0;
};

/// Counters under names that are only known while running. The first `names_max` names have one
/// each, the rest share one: a policy with a million settings must not become a million metrics.
/// Names stay for ever.
class NamedCounters {
public:
    static constexpr std::size_t names_max = 64;
    static constexpr std::string_view name_of_the_rest = "(others)";

    void add(std::string_view name, std::uint64_t amount = 1);

    /// How many names there are now; those below it never change.
    [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_acquire); }
    [[nodiscard]] std::string_view name(std::size_t index) const { return rows_.at(index).name; }
    [[nodiscard]] std::uint64_t value(std::size_t index) const {
        return rows_.at(index).counter.value();
    }
    [[nodiscard]] std::uint64_t rest() const { return rest_.value(); }

private:
    struct Row {
        std::string name; // written once, before `size_` makes it visible
        Counter counter;
    };
    std::array<Row, names_max> rows_;
    std::atomic<std::size_t> size_ = 0;
    Counter rest_;
};

/// What became of a message. `reported`: it passed, but a setting in report mode would have refused
/// it; such a message counts as accepted, too.
enum class Verdict : std::uint8_t { accepted, refused, deferred, reported };
inline constexpr std::size_t verdicts = 4;
[[nodiscard]] std::string_view text(Verdict verdict);

class VerdictCounters {
public:
    void add(Verdict verdict) { counters_.at(static_cast<std::size_t>(verdict)).add(); }
    [[nodiscard]] std::uint64_t value(Verdict verdict) const {
        return counters_.at(static_cast<std::size_t>(verdict)).value();
    }

private:
    std::array<Counter, verdicts> counters_;
};

/// How often something took how long.
class Histogram {
public:
    /// The upper ends of the buckets; what takes longer is in one more.
    static constexpr std::array<std::chrono::microseconds, 16> ends{
        std::chrono::microseconds{500},
        std::chrono::milliseconds{1},
        std::chrono::microseconds{2500},
        std::chrono::milliseconds{5},
        std::chrono::milliseconds{10},
        std::chrono::milliseconds{25},
        std::chrono::milliseconds{50},
        std::chrono::milliseconds{100},
        std::chrono::milliseconds{250},
        std::chrono::milliseconds{500},
        std::chrono::seconds{1},
        std::chrono::milliseconds{2500},
        std::chrono::seconds{5},
        std::chrono::seconds{10},
        std::chrono::seconds{30},
        std::chrono::seconds{60},
    };
    static constexpr std::size_t buckets = ends.size() + 1;

    void add(std::chrono::microseconds duration);

    /// Of this bucket alone, not of those below it.
    [[nodiscard]] std::uint64_t count(std::size_t bucket) const {
        return counts_.at(bucket).value();
    }
    [[nodiscard]] std::chrono::microseconds sum() const {
        return std::chrono::microseconds{sum_.value()};
    }

private:
    std::array<Counter, buckets> counts_;
    Counter sum_;
};

} // namespace postern::report
