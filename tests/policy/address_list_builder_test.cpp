#include "policy/address_list_builder.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace postern::policy;

namespace {

const std::string file = "list.txt";

Place line(std::uint32_t number) { return Place{.line = number, .column = 1}; }

} // namespace

TEST_CASE("an entry that is none is an error with its place and its reason") {
    const auto [entry, reason] = GENERATE(table<std::string, std::string>({
        {"user@", "domain"},
        {"user@a..b", "domain"},
        {"@example.com", "before the \"@\""},
        {"*.", "is empty"},
        {"*example.com", "domain"},
        {"*", "domain"},
        {"*.user@example.com", "domain"},
        {"a.*.example.com", "domain"},
        {"*.[192.0.2.1]", "wildcard"},
        {"192.0.2.1", "domain"},
        {std::string(64, 'a') + ".example", "too long"},
    }));
    Mistakes mistakes;
    AddressListBuilder builder("banks", mistakes);
    builder.add("good.example", file, line(1));
    builder.add(entry, file, Place{.line = 2, .column = 7});
    CHECK(builder.finish().size() == 1);
    REQUIRE(mistakes.all().size() == 1);
    const Mistake& mistake = mistakes.all().front();
    CHECK(mistake.severity == Severity::error);
    CHECK(mistake.file == file);
    CHECK(mistake.place == Place{.line = 2, .column = 7});
    CHECK_THAT(mistake.message, Catch::Contains(reason));
}

TEST_CASE("an entry given twice is a warning at its second place, in whatever spelling") {
    Mistakes mistakes;
    AddressListBuilder builder("banks", mistakes);
    builder.add("bücher.example", file, line(1));
    builder.add("*.bücher.example", file, line(2));
    builder.add("XN--bcher-KVA.example.", file, line(3));
    const AddressList list = builder.finish();
    CHECK(list.size() == 2);
    REQUIRE(mistakes.all().size() == 1);
    CHECK(mistakes.all().front().text() ==
          "list.txt:3:1: warning: \"xn--bcher-kva.example\" is on the list \"banks\" already");
}

TEST_CASE("of many repeated or bad entries the first are told, the others counted") {
    Mistakes mistakes;
    AddressListBuilder builder("banks", mistakes);
    for (std::uint32_t number = 1; number <= 1000; ++number) {
        builder.add("same.example", file, line(number));
        builder.add("a..b", file, line(number));
    }
    CHECK(builder.finish().size() == 1);
    CHECK(mistakes.warnings() == AddressListBuilder::repeated_told_max + 1);
    CHECK(mistakes.errors() == AddressListBuilder::bad_told_max + 1);
    CHECK_THAT(mistakes.text(),
               Catch::Contains("996 more entries of the list \"banks\" are repeated"));
    CHECK_THAT(mistakes.text(), Catch::Contains("950 more entries of the list \"banks\" are none"));
}

TEST_CASE("room may be reserved at any time and for any number") {
    Mistakes mistakes;
    AddressListBuilder builder("banks", mistakes);
    builder.reserve(3);
    for (std::uint32_t number = 0; number < 100; ++number) {
        builder.add("d" + std::to_string(number) + ".example", file, line(number));
        if (number % 10 == 5) builder.reserve(number * 3);
    }
    CHECK(builder.finish().size() == 100);
    CHECK(mistakes.empty());
}
