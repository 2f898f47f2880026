#include "policy/mistake.h"

#include <catch2/catch.hpp>

namespace postern::policy {

TEST_CASE("a mistake is written so that an editor can jump to its place") {
    const Mistake error{
        .file = "policy.toml", .place = {.line = 3, .column = 12}, .message = "is wrong"};
    CHECK(error.text() == "policy.toml:3:12: is wrong");
    Mistake warning = error;
    warning.severity = Severity::warning;
    CHECK(warning.text() == "policy.toml:3:12: warning: is wrong");
    Mistake whole = error;
    whole.place = {};
    CHECK(whole.text() == "policy.toml: is wrong");
}

TEST_CASE("mistakes are sorted by file, line and column, and equal places keep their order") {
    Mistakes mistakes;
    mistakes.error("b.toml", {.line = 1, .column = 1}, "5");
    mistakes.error("a.toml", {.line = 10, .column = 1}, "4");
    mistakes.warning("a.toml", {.line = 2, .column = 9}, "2");
    mistakes.error("a.toml", {.line = 2, .column = 9}, "3");
    mistakes.error("a.toml", {.line = 2, .column = 3}, "1");
    mistakes.sort();
    std::string order;
    for (const Mistake& mistake : mistakes.all())
        order += mistake.message;
    CHECK(order == "12345");
    CHECK(mistakes.errors() == 4);
    CHECK(mistakes.warnings() == 1);
}

TEST_CASE("a thousand mistakes are kept, one more is only counted") {
    Mistakes mistakes;
    for (std::size_t count = 0; count < mistakes_kept_max; ++count)
        mistakes.error("a", {}, "x");
    CHECK_FALSE(mistakes.text().ends_with("more\n"));
    mistakes.warning("a", {}, "x");
    CHECK(mistakes.all().size() == mistakes_kept_max);
    CHECK(mistakes.errors() == mistakes_kept_max);
    CHECK(mistakes.warnings() == 1);
    CHECK(mistakes.text().ends_with("a: x\nand 1 more\n"));
}

TEST_CASE("appended mistakes keep their count, also of those that are not kept") {
    Mistakes many;
    for (std::size_t count = 0; count < mistakes_kept_max + 5; ++count)
        many.error("a", {}, "x");
    Mistakes all;
    all.warning("b", {}, "y");
    all.append(many);
    CHECK(all.errors() == mistakes_kept_max + 5);
    CHECK(all.warnings() == 1);
    CHECK_FALSE(all.empty());
    CHECK(Mistakes{}.empty());
}

} // namespace postern::policy
