#include "policy/quantity.h"

#include <catch2/catch.hpp>

#include <array>
#include <limits>

namespace postern::policy {
namespace {

using std::chrono::milliseconds;

} // namespace

TEST_CASE("durations are read and written") {
    struct Row {
        std::string_view text;
        std::int64_t milliseconds;
        std::string_view shortest;
    };
    const Row row = GENERATE(Row{"5m", 300'000, "5m"},
                             Row{"90s", 90'000, "1m30s"},
                             Row{"1h30m", 5'400'000, "1h30m"},
                             Row{"250ms", 250, "250ms"},
                             Row{"1s250ms", 1'250, "1s250ms"},
                             Row{"2d", 172'800'000, "2d"},
                             Row{"0s", 0, "0s"},
                             Row{"3650d", 315'360'000'000, "3650d"});
    CAPTURE(row.text);
    REQUIRE(duration_from(row.text) == milliseconds(row.milliseconds));
    CHECK(duration_text(milliseconds(row.milliseconds)) == row.shortest);
    CHECK(duration_from(row.shortest) == milliseconds(row.milliseconds));
}

TEST_CASE("what is not exactly a duration is none") {
    const std::string_view text = GENERATE(as<std::string_view>{},
                                           "",
                                           "5",
                                           "m",
                                           "5 m",
                                           " 5m",
                                           "5m ",
                                           "-5m",
                                           "1.5h",
                                           "5min",
                                           "5M",
                                           "30m1h",
                                           "1m1m",
                                           "1h30",
                                           "3650d1ms",
                                           "18446744073709551615d",
                                           "99999999999999999999s");
    CAPTURE(text);
    CHECK_FALSE(duration_from(text));
}

TEST_CASE("sizes are read and written") {
    struct Row {
        std::string_view text;
        std::uint64_t bytes;
        std::string_view shortest;
    };
    const Row row = GENERATE(Row{"50MiB", 52'428'800, "50MiB"},
                             Row{"256KiB", 262'144, "256KiB"},
                             Row{"1024KiB", 1'048'576, "1MiB"},
                             Row{"2GiB", 2'147'483'648, "2GiB"},
                             Row{"1TiB", 1'099'511'627'776, "1TiB"},
                             Row{"1000", 1000, "1000B"},
                             Row{"512B", 512, "512B"},
                             Row{"0", 0, "0B"});
    CAPTURE(row.text);
    REQUIRE(size_from(row.text) == row.bytes);
    CHECK(size_text(row.bytes) == row.shortest);
    CHECK(size_from(row.shortest) == row.bytes);
}

TEST_CASE("what is not exactly a size is none") {
    const std::string_view text = GENERATE(as<std::string_view>{},
                                           "",
                                           "MiB",
                                           "50MB",
                                           "50M",
                                           "50 MiB",
                                           "-1",
                                           "1.5GiB",
                                           "50mib",
                                           "16777216TiB");
    CAPTURE(text);
    CHECK_FALSE(size_from(text));
    CHECK(size_from("16777215TiB"));
}

TEST_CASE("a misspelt word finds the one that was meant") {
    constexpr std::array<std::string_view, 5> known{
        "direction", "directions", "mode", "address_lists", "tls"};
    struct Row {
        std::string_view word;
        std::string_view meant;
    };
    const Row row = GENERATE(Row{"directon", "direction"},
                             Row{"direcitons", "directions"},
                             Row{"Mode", "mode"},
                             Row{"mdoe", "mode"},
                             Row{"modus", ""}, // two slips in five letters are too many
                             Row{"address_list", "address_lists"},
                             Row{"tl", "tls"},
                             Row{"colour", ""},
                             Row{"x", ""},
                             Row{"", ""});
    CAPTURE(row.word);
    CHECK(nearest(row.word, known) == row.meant);
    CHECK(nearest(std::string(100'000, 'a'), known).empty());
}

TEST_CASE("alternatives are listed as people do") {
    constexpr std::array<std::string_view, 3> words{"a", "b", "c"};
    CHECK(alternatives(std::span(words).first(1)) == "a");
    CHECK(alternatives(std::span(words).first(2)) == "a or b");
    CHECK(alternatives(words) == "a, b or c");
    CHECK(alternatives({}).empty());
}

} // namespace postern::policy
