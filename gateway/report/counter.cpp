#include "gateway/report/counter.h"

#include <algorithm>

namespace postern::report {

void NamedCounters::add(std::string_view name, std::uint64_t amount) {
    const std::size_t size = size_.load(std::memory_order_relaxed); // only we write it
    const auto end = rows_.begin() + static_cast<std::ptrdiff_t>(size);
    const auto found =
        std::find_if(rows_.begin(), end, [name](const Row& row) { return row.name == name; });
    if (found != end) {
        found->counter.add(amount);
        return;
    }
    if (size == names_max) {
        rest_.add(amount);
        return;
    }
    Row& row = rows_.at(size);
    row.name = name;
    row.counter.add(amount);
    size_.store(size + 1, std::memory_order_release);
}

std::string_view text(Verdict verdict) {
    switch (verdict) {
    case Verdict::accepted: return "accepted";
    case Verdict::refused: return "refused";
    case Verdict::deferred: return "deferred";
    case Verdict::reported: return "reported";
    }
    return "unknown";
}

void Histogram::add(std::chrono::microseconds duration) {
    const auto end = std::ranges::lower_bound(ends, duration);
    counts_.at(static_cast<std::size_t>(end - ends.begin())).add();
    sum_.add(static_cast<std::uint64_t>(std::max(duration, std::chrono::microseconds{0}).count()));
}

} // namespace postern::report
