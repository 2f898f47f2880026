#include "policy/address_table.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace postern::policy;

namespace {

bool add(AddressTable& table, std::string_view word) {
    const auto staged = table.stage(word);
    REQUIRE(staged);
    return table.link(*staged) == AddressTable::Linking::added;
}

std::string found(const AddressTable& table, std::string_view key) {
    return std::string(table.find(key, AddressTable::hash(key)).value_or("nothing"));
}

} // namespace

TEST_CASE("an empty table has nothing") {
    const AddressTable table;
    CHECK(found(table, "a") == "nothing");
    CHECK(table.size() == 0);
    CHECK(table.bytes() == 0);
}

TEST_CASE("a word is found exactly, a wildcard without its star") {
    AddressTable table;
    CHECK(add(table, "example.com"));
    CHECK(add(table, "*.example.com"));
    CHECK_FALSE(add(table, "example.com"));
    CHECK_FALSE(add(table, "*.example.com"));
    CHECK(table.size() == 2);
    CHECK(found(table, "example.com") == "example.com");
    CHECK(found(table, ".example.com") == "*.example.com");
    CHECK(found(table, "xample.com") == "nothing");
    CHECK(found(table, "example.co") == "nothing");
    CHECK(found(table, "*.example.com") == "nothing");
    CHECK(found(table, "") == "nothing");
}

TEST_CASE("a table that grows, or was made too big, loses no word and finds no other") {
    const auto reserved = GENERATE(as<std::size_t>(), 0, 10, 5000, 50000);
    AddressTable table;
    table.reserve(reserved);
    std::vector<AddressTable::Staged> ahead;
    constexpr std::size_t words = 5000;
    constexpr std::size_t ahead_max = 7;
    for (std::size_t word = 0; word < words; ++word) {
        ahead.push_back(*table.stage("user" + std::to_string(word) + "@example.com"));
        if (ahead.size() < ahead_max) continue;
        CHECK(table.link(ahead.front()) == AddressTable::Linking::added);
        ahead.erase(ahead.begin());
    }
    for (const auto& staged : ahead)
        CHECK(table.link(staged) == AddressTable::Linking::added);
    table.finish();
    CHECK(table.size() == words);
    for (std::size_t word = 0; word < words; ++word) {
        const std::string text = "user" + std::to_string(word) + "@example.com";
        REQUIRE(found(table, text) == text);
        REQUIRE(found(table, "x" + text) == "nothing");
    }
}

TEST_CASE("words of every length are told apart") {
    AddressTable table;
    std::string word;
    for (std::size_t bytes = 1; bytes <= 300; ++bytes) {
        word.push_back('a');
        CHECK(add(table, word));
    }
    for (std::size_t bytes = 1; bytes <= 300; ++bytes)
        CHECK(found(table, std::string_view(word).substr(0, bytes)).size() == bytes);
    CHECK(found(table, word + "a") == "nothing");
}

TEST_CASE("a table can be moved") {
    AddressTable table;
    CHECK(add(table, "a"));
    const AddressTable moved = std::move(table);
    CHECK(found(moved, "a") == "a");
}
