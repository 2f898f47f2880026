#include <catch2/catch.hpp>

#include <array>
#include <vector>

#include "perf/options.h"

using postern::perf::help_text;
using postern::perf::Option;
using postern::perf::Options;

namespace {

constexpr std::array known = std::to_array<Option>({
    {"--to", "ADDRESS", "whom"},
    {"--size", "BYTES", "how big", true, 10, 20},
    {"--json", "", "as JSON"},
});

std::string problem_with(const std::vector<const char*>& words) {
    const auto options = Options::parse(known, words);
    return options ? "" : options.error();
}

} // namespace

TEST_CASE("options are read with their value behind a space or an equals sign", "[perf]") {
    const auto options = Options::parse(known, std::vector{"--to", "a=b", "--size=15", "--json"});
    REQUIRE(options.has_value());
    CHECK(options->text("--to") == "a=b");
    CHECK(options->number("--size", 1) == 15);
    CHECK(options->given("--json"));
}

TEST_CASE("what is not given has the value that the caller names", "[perf]") {
    const auto options = Options::parse(known, {});
    REQUIRE(options.has_value());
    CHECK(options->text("--to", "here") == "here");
    CHECK(options->number("--size", 7) == 7);
    CHECK_FALSE(options->given("--json"));
}

TEST_CASE("the last of two counts", "[perf]") {
    const auto options = Options::parse(known, std::vector{"--size", "11", "--size", "12"});
    REQUIRE(options.has_value());
    CHECK(options->number("--size", 1) == 12);
}

TEST_CASE("every mistake on a command line is named", "[perf]") {
    struct Row {
        std::vector<const char*> words;
        std::string problem;
    };
    const std::vector<Row> rows{
        {{"--what"}, "there is no option '--what'; see --help"},
        {{"--what=1"}, "there is no option '--what'; see --help"},
        {{"here"}, "there is no option 'here'; see --help"},
        {{"--to"}, "--to needs a value: ADDRESS"},
        {{"--json=yes"}, "--json takes no value"},
        {{"--size", "ten"}, "--size takes a whole number, not 'ten'"},
        {{"--size", "12k"}, "--size takes a whole number, not '12k'"},
        {{"--size", ""}, "--size takes a whole number, not ''"},
        {{"--size", "-1"}, "--size takes a whole number, not '-1'"},
        {{"--size", "99999999999999999999"},
         "--size takes a whole number, not '99999999999999999999'"},
        {{"--size", "9"}, "--size is between 10 and 20"},
        {{"--size", "10"}, ""},
        {{"--size", "20"}, ""},
        {{"--size", "21"}, "--size is between 10 and 20"},
    };
    for (const Row& row : rows) {
        CHECK(problem_with(row.words) == row.problem);
    }
}

TEST_CASE("the help names every option", "[perf]") {
    const std::string text = help_text("program --to ADDRESS", known);
    CHECK(text.starts_with("usage: program --to ADDRESS\n"));
    for (const Option& option : known) {
        CHECK(text.find(option.name) != std::string::npos);
        CHECK(text.find(option.help) != std::string::npos);
    }
}
