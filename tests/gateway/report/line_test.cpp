#include "gateway/report/line.h"

#include <catch2/catch.hpp>

#include <array>
#include <vector>

namespace postern::report {
namespace {

using namespace std::literals;

constexpr Time moment{1795509368123ms};

std::string json(std::string_view text) {
    std::string out;
    append_json(out, text);
    return out;
}

} // namespace

TEST_CASE("times are written as RFC 3339 says, to the millisecond") {
    struct Row {
        Time time;
        std::string_view text;
    };
    const Row row = GENERATE(Row{Time{0ms}, "1970-01-01T00:00:00.000Z"},
                             Row{Time{1ms}, "1970-01-01T00:00:00.001Z"},
                             Row{moment, "2026-11-24T08:36:08.123Z"},
                             Row{Time{1709210096999ms}, "2024-02-29T12:34:56.999Z"});
    std::string out = "x";
    append_time(out, row.time);
    CHECK(out == "x" + std::string(row.text));
}

TEST_CASE("a line is one JSON object behind what is there") {
    std::string out = "before ";
    const std::array<std::string_view, 2> settings{"banks", "a \"b\""};
    const std::vector<std::string> recipients{"x@y"};
    Line line(out, moment, Level::warning, "session");
    line.text(Key::session, "1")
        .text(Key::client, "")
        .number(Key::bytes, 18446744073709551615U)
        .texts(Key::settings, settings)
        .texts(Key::to, recipients)
        .texts(Key::from, std::span<const std::string>{})
        .end();
    CHECK(out == R"(before {"time":"2026-11-24T08:36:08.123Z","level":"warning","event":"session",)"
                 R"("session":"1","bytes":18446744073709551615,"settings":["banks","a \"b\""],)"
                 R"("to":["x@y"]})");
}

TEST_CASE("foreign text cannot leave its string, nor act on a screen") {
    struct Row {
        std::string_view text;
        std::string_view json;
    };
    const Row row = GENERATE(Row{"plain", R"("plain")"},
                             Row{"", R"("")"},
                             Row{"\"},{\"a\":\"", R"("\"},{\"a\":\"")"},
                             Row{"back\\slash", R"("back\\slash")"},
                             Row{"a\r\nb\t", R"("a\u000d\u000ab\u0009")"},
                             Row{"\0"sv, R"("\u0000")"},
                             Row{"\x1b[2J", R"("\u001b[2J")"},
                             Row{"\x7f", R"("\u007f")"},
                             Row{"\xc2\x9b", R"("\u009b")"},     // a control of ISO 8859
                             Row{"\xc2\xa0", "\"\xc2\xa0\""},    // and the first that is none
                             Row{"\xe2\x80\xae", R"("\u202e")"}, // writes from right to left
                             Row{"m\xc3\xbcller", "\"m\xc3\xbcller\""},
                             Row{"\xe6\x97\xa5", "\"\xe6\x97\xa5\""},
                             Row{"\xf0\x9f\x93\xa7", "\"\xf0\x9f\x93\xa7\""});
    CHECK(json(row.text) == row.json);
}

TEST_CASE("what is not UTF-8 becomes a replacement character, a byte each") {
    struct Row {
        std::string_view text;
        std::size_t replacements;
    };
    const Row row = GENERATE(Row{"\x80", 1},             // nothing to continue
                             Row{"\xc3", 1},             // cut
                             Row{"\xe6\x97", 2},         // cut
                             Row{"\xc0\xaf", 2},         // over-long
                             Row{"\xe0\x80\xaf", 3},     // over-long
                             Row{"\xed\xa0\x80", 3},     // a surrogate
                             Row{"\xf4\x90\x80\x80", 4}, // above U+10FFFF
                             Row{"\xff", 1});
    std::string expected = "\"";
    for (std::size_t count = 0; count < row.replacements; ++count)
        expected += "\xef\xbf\xbd";
    CHECK(json(row.text) == expected + "\"");
    CHECK(json(std::string(row.text) + "a") == expected + "a\"");
}

TEST_CASE("a text is cut behind its bound, between characters") {
    const std::string full(text_bytes_max, 'x');
    CHECK(json(full) == "\"" + full + "\"");
    CHECK(json(full + "y") == "\"" + full + "\xe2\x80\xa6\"");
    const std::string almost(text_bytes_max - 1, 'x');
    CHECK(json(almost + "\xc3\xbc") == "\"" + almost + "\xe2\x80\xa6\"");
    CHECK(json(almost + "\xff\xff") == "\"" + almost + "\xef\xbf\xbd\xe2\x80\xa6\"");
}

TEST_CASE("an array is cut behind its bound and says how many were left out") {
    std::vector<std::string> items(items_max, "a");
    std::string out;
    Line(out, moment, "x").texts(Key::to, items).end();
    CHECK(out.ends_with(R"("a","a"]})"));
    items.resize(items_max + 17, "b");
    out.clear();
    Line(out, moment, "x").texts(Key::to, items).end();
    CHECK(out.ends_with(R"("a","a","+17"]})"));
}

TEST_CASE("every key and level has a name of its own") {
    std::vector<std::string_view> names;
    for (int value = 0; value <= static_cast<int>(Key::version); ++value) {
        names.push_back(text(static_cast<Key>(value)));
    }
    for (const std::string_view name : names) {
        CHECK(name != "unknown");
        CHECK(std::count(names.begin(), names.end(), name) == 1);
    }
    CHECK(text(Level::error) == "error");
    CHECK(text(Level::warning) == "warning");
    CHECK(text(Level::info) == "info");
    CHECK(text(Level::debug) == "debug");
}

} // namespace postern::report
