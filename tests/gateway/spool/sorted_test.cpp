#include "gateway/spool/sorted.h"

#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <iterator>
#include <random>
#include <set>

namespace postern::spool {
namespace {

using Numbers = Sorted<std::uint32_t, std::identity{}>;

void agree(const Numbers& numbers, const std::set<std::uint32_t>& model, std::uint32_t key) {
    const auto behind = model.lower_bound(key);
    const std::uint32_t* const at_least = numbers.at_least(key);
    REQUIRE((at_least == nullptr) == (behind == model.end()));
    if (at_least != nullptr) REQUIRE(*at_least == *behind);
    const std::uint32_t* const below = numbers.below(key);
    REQUIRE((below == nullptr) == (behind == model.begin()));
    if (below != nullptr) REQUIRE(*below == *std::prev(behind));
}

TEST_CASE("a sorted row is what a set is, whatever comes and goes", "[spool]") {
    std::minstd_rand random{1}; // NOLINT(cert-msc51-cpp): the same numbers each time
    Numbers numbers;
    std::set<std::uint32_t> model;
    // Growing, then shrinking to nothing.
    for (const unsigned added : {70U, 30U, 0U}) {
        for (int step = 0; step < 6000; ++step) {
            const auto key = static_cast<std::uint32_t>(random() % 3000);
            if (random() % 100 < added) {
                if (model.insert(key).second) numbers.add(key);
            } else {
                REQUIRE(numbers.remove(key) == (model.erase(key) == 1));
            }
            REQUIRE(numbers.size() == model.size());
            REQUIRE((numbers.find(key) != nullptr) == model.contains(key));
            agree(numbers, model, static_cast<std::uint32_t>(random() % 3002));
        }
        const auto all = numbers.some(0, model.size() + 1);
        REQUIRE(std::ranges::equal(all, model));
    }
    for (const std::uint32_t key : std::set{model}) {
        REQUIRE(numbers.remove(key));
        model.erase(key);
        agree(numbers, model, key);
    }
    CHECK(numbers.empty());
    CHECK(numbers.some(0, 1).empty());
}

TEST_CASE("values in their order can be had a few at a time", "[spool]") {
    Numbers numbers;
    for (std::uint32_t key = 0; key < 2000; key += 2) {
        numbers.add(key);
    }
    CHECK(numbers.some(511, 3) == std::vector<std::uint32_t>{512, 514, 516});
    CHECK(numbers.some(1997, 3) == std::vector<std::uint32_t>{1998});
    CHECK(numbers.some(1999, 3).empty());
    CHECK(numbers.some(0, 700).size() == 700);
}

} // namespace
} // namespace postern::spool
