#include "policy/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace postern::policy {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t worth;
};

// From large to small. "ms" stands behind "m" and is told apart by taking all letters at once.
constexpr std::array<Unit, 5> duration_units{{
    {.name = "d", .worth = 86'400'000},
    {.name = "h", .worth = 3'600'000},
    {.name = "m", .worth = 60'000},
    {.name = "s", .worth = 1'000},
    {.name = "ms", .worth = 1},
}};

constexpr std::array<Unit, 5> size_units{{
    {.name = "TiB", .worth = std::uint64_t{1} << 40U},
    {.name = "GiB", .worth = std::uint64_t{1} << 30U},
    {.name = "MiB", .worth = std::uint64_t{1} << 20U},
    {.name = "KiB", .worth = std::uint64_t{1} << 10U},
    {.name = "B", .worth = 1},
}};

bool is_digit(char character) { return character >= '0' && character <= '9'; }

/// Takes a number from the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

std::string_view take_letters(std::string_view& text) {
    const auto* const end = std::ranges::find_if(text, is_digit);
    const std::string_view letters(text.begin(), end);
    text.remove_prefix(letters.size());
    return letters;
}

std::optional<std::uint64_t> product(std::uint64_t number, std::uint64_t worth) {
    if (number > std::numeric_limits<std::uint64_t>::max() / worth) return std::nullopt;
    return number * worth;
}

char lower(char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                : character;
}

/// Damerau's distance, in its common restricted form (no letter is moved twice), without regard to
/// case.
std::size_t slips_between(std::string_view word, std::string_view other) {
    std::vector<std::size_t> before_last(other.size() + 1);
    std::vector<std::size_t> last(other.size() + 1);
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= word.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= other.size(); ++j) {
            const bool same = lower(word[i - 1]) == lower(other[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && lower(word[i - 1]) == lower(other[j - 2]) &&
                                 lower(word[i - 2]) == lower(other[j - 1]);
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return last[other.size()];
}

} // namespace

std::optional<std::chrono::milliseconds> duration_from(std::string_view text) {
    constexpr auto most = static_cast<std::uint64_t>(duration_max.count());
    if (text.empty()) return std::nullopt;
    std::uint64_t total = 0;
    const auto* next_unit = duration_units.begin();
    while (!text.empty()) {
        const auto number = take_number(text);
        if (!number) return std::nullopt;
        const std::string_view name = take_letters(text);
        const auto* const unit =
            std::ranges::find(next_unit, duration_units.end(), name, &Unit::name);
        if (unit == duration_units.end()) return std::nullopt;
        const auto part = product(*number, unit->worth);
        if (!part || *part > most - total) return std::nullopt;
        total += *part;
        next_unit = unit + 1;
    }
    return std::chrono::milliseconds(total);
}

std::optional<std::uint64_t> size_from(std::string_view text) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    if (text.empty()) return number;
    const auto* const unit = std::ranges::find(size_units, text, &Unit::name);
    if (unit == size_units.end()) return std::nullopt;
    return product(*number, unit->worth);
}

std::string duration_text(std::chrono::milliseconds duration) {
    auto left = static_cast<std::uint64_t>(duration.count());
    if (left == 0) return "0s";
    std::string text;
    for (const Unit& unit : duration_units) {
        if (left < unit.worth) continue;
        text += std::to_string(left / unit.worth);
        text += unit.name;
        left %= unit.worth;
    }
    return text;
}

std::string size_text(std::uint64_t bytes) {
    const auto* const unit = std::ranges::find_if(size_units, [bytes](const Unit& candidate) {
        return bytes >= candidate.worth && bytes % candidate.worth == 0;
    });
    if (unit == size_units.end()) return "0B";
    return std::to_string(bytes / unit->worth) + std::string(unit->name);
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    constexpr std::size_t word_bytes_max = 64; // longer than any word of ours: the table is square
    if (word.size() > word_bytes_max) return {};
    std::string_view best;
    // A third of the letters may be wrong; in a word of three that is one.
    std::size_t fewest = std::max<std::size_t>(word.size(), 3) / 3 + 1;
    for (const std::string_view candidate : candidates) {
        const std::size_t slips = slips_between(word, candidate);
        if (slips >= fewest) continue;
        fewest = slips;
        best = candidate;
    }
    return best;
}

std::string alternatives(std::span<const std::string_view> words) {
    std::string text;
    for (std::size_t index = 0; index < words.size(); ++index) {
        if (index > 0) text += index + 1 == words.size() ? " or " : ", ";
        text += words[index];
    }
    return text;
}

} // namespace postern::policy
