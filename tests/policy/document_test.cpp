#include "policy/document.h"

#include <catch2/catch.hpp>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

namespace postern::policy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What reading `text` records, a mistake a line.
std::string mistakes_in(std::string_view text, const std::function<void(Table&)>& read) {
    const auto document = Document::parse(text, "dir/a.toml");
    if (!document) return document.error().text() + "\n";
    Mistakes mistakes;
    document->read(mistakes, read);
    mistakes.sort();
    return mistakes.text();
}

enum class Colour : std::uint8_t { red, green };
constexpr std::array colours{
    Named<Colour>{.name = "red", .value = Colour::red},
    Named<Colour>{.name = "green", .value = Colour::green},
};

} // namespace

TEST_CASE("values are read by their types") {
    const auto read = [](Table& root) {
        CHECK(root.file() == "dir/a.toml");
        CHECK(root.string("string") == "text");
        CHECK(root.required_string("string") == "text");
        CHECK(root.boolean("boolean") == true);
        CHECK(root.integer("integer") == -7);
        CHECK(root.integer("integer", {.least = -7, .most = -7}) == -7);
        CHECK(root.duration("duration") == seconds(90));
        CHECK(root.size("size") == 256U * 1024U);
        CHECK(root.size("bytes") == 5U);
        CHECK(root.path("path") == "dir/lists/a.txt");
        CHECK(root.required_path("path") == "dir/lists/a.txt");
        CHECK(root.path("no_path") == "");
        CHECK(root.one_of("colour", colours) == Colour::green);
        CHECK(root.several_of("colours", colours) == std::vector{Colour::green, Colour::red});
        const auto strings = root.strings("strings");
        REQUIRE(strings);
        REQUIRE(strings->size() == 2);
        CHECK(strings->at(1).value == "b");
        CHECK(strings->at(1).place == Place{.line = 11, .column = 17});
        CHECK(root.place("boolean") == Place{.line = 2, .column = 11});
    };
    CHECK(mistakes_in("string = \"text\"\n"
                      "boolean = true\n"
                      "integer = -7\n"
                      "duration = \"1m30s\"\n"
                      "size = \"256KiB\"\n"
                      "bytes = 5\n"
                      "path = \"lists/a.txt\"\n"
                      "no_path = \"\"\n"
                      "colour = \"green\"\n"
                      "colours = [\"green\", \"red\"]\n"
                      "strings = [\"a\", \"b\"]\n",
                      read) == "");
}

TEST_CASE("an absent key is no value and no mistake, unless it is required") {
    const auto read = [](Table& root) {
        CHECK_FALSE(root.string("a"));
        CHECK_FALSE(root.boolean("b"));
        CHECK_FALSE(root.integer("c"));
        CHECK_FALSE(root.duration("d"));
        CHECK_FALSE(root.size("e"));
        CHECK_FALSE(root.strings("f"));
        CHECK_FALSE(root.one_of("g", colours));
        CHECK_FALSE(root.several_of("h", colours));
        CHECK_FALSE(root.table("i", [](Table&) { FAIL(); }));
        root.each("j", [](Table&) { FAIL(); });
        CHECK_FALSE(root.has("k"));
        CHECK_FALSE(root.required_string("l"));
        CHECK_FALSE(root.required_path("m"));
    };
    CHECK(mistakes_in("", read) == "dir/a.toml:1:1: l is missing\ndir/a.toml:1:1: m is missing\n");
}

TEST_CASE("a value of another type is named with its place") {
    struct Row {
        std::string_view text;
        std::string_view mistake;
        std::function<void(Table&)> read;
    };
    const Row row = GENERATE(values<Row>(
        {{"k = 1",
          "k must be a string, not an integer",
          [](Table& t) { CHECK_FALSE(t.string("k")); }},
         {"k = \"\"", "k must not be empty", [](Table& t) { CHECK_FALSE(t.required_string("k")); }},
         {"k = []", "k must be a string, not an array", [](Table& t) { CHECK_FALSE(t.path("k")); }},
         {"k = \"yes\"",
          "k must be true or false, not a string",
          [](Table& t) { CHECK_FALSE(t.boolean("k")); }},
         {"k = 1.5",
          "k must be an integer, not a number with a fraction",
          [](Table& t) { CHECK_FALSE(t.integer("k")); }},
         {"k = 0",
          "k must be between 1 and 5",
          [](Table& t) { CHECK_FALSE(t.integer("k", {.least = 1, .most = 5})); }},
         {"k = 6",
          "k must be between 1 and 5",
          [](Table& t) { CHECK_FALSE(t.integer("k", {.least = 1, .most = 5})); }},
         {"k = 5",
          "k must be a duration such as \"90s\" or \"1h30m\", not an integer",
          [](Table& t) { CHECK_FALSE(t.duration("k")); }},
         {"k = \"5\"",
          "\"5\" is not a duration; write \"90s\", \"5m\" or \"1h30m\"",
          [](Table& t) { CHECK_FALSE(t.duration("k")); }},
         {"k = \"999ms\"",
          "k must be between 1s and 5m",
          [](Table& t) {
              CHECK_FALSE(t.duration("k", {.least = seconds(1), .most = seconds(300)}));
          }},
         {"k = \"999ms\"",
          "k must be at least 1s",
          [](Table& t) {
              CHECK_FALSE(t.duration("k", {.least = seconds(1), .most = milliseconds::max()}));
          }},
         {"k = \"5MB\"",
          "k must be a size such as \"50MiB\" or a number of bytes (units: B, KiB, MiB, GiB, TiB), "
          "not \"5MB\"",
          [](Table& t) { CHECK_FALSE(t.size("k")); }},
         {"k = -1",
          "k must be a size such as \"50MiB\" or a number of bytes (units: B, KiB, MiB, GiB, TiB)",
          [](Table& t) { CHECK_FALSE(t.size("k")); }},
         {"k = \"2KiB\"",
          "k must be between 0B and 1KiB",
          [](Table& t) { CHECK_FALSE(t.size("k", {.least = 0, .most = 1024})); }},
         {"k = true",
          "k must be an array of strings, not a boolean",
          [](Table& t) { CHECK_FALSE(t.strings("k")); }},
         {"k = \"gren\"",
          "\"gren\" is not known; did you mean \"green\"?",
          [](Table& t) { CHECK_FALSE(t.one_of("k", colours)); }},
         {"k = \"blue\"",
          "\"blue\" is not known; use red or green",
          [](Table& t) { CHECK_FALSE(t.one_of("k", colours)); }},
         {"k = 2026-11-24",
          "k must be a table, not a date or time",
          [](Table& t) { CHECK_FALSE(t.table("k", [](Table&) {})); }},
         {"k = {}", "k must be an array of tables: [[k]], not a table", [](Table& t) {
              t.each("k", [](Table&) { FAIL(); });
          }}}));
    CAPTURE(row.text);
    CHECK(mistakes_in(row.text, row.read) == "dir/a.toml:1:5: " + std::string(row.mistake) + "\n");
}

TEST_CASE("wrong items of an array are recorded each, the others are kept") {
    const auto read = [](Table& root) {
        CHECK(root.strings("a")->size() == 1);
        CHECK(root.several_of("b", colours) == std::vector{Colour::red});
    };
    CHECK(mistakes_in("a = [1, \"x\", true]\nb = [\"red\", \"rod\", \"red\"]\n", read) ==
          "dir/a.toml:1:6: an item of a must be a string, not an integer\n"
          "dir/a.toml:1:14: an item of a must be a string, not a boolean\n"
          "dir/a.toml:2:13: \"rod\" is not known; did you mean \"red\"?\n"
          "dir/a.toml:2:20: \"red\" is given twice\n");
}

TEST_CASE("tables, arrays of tables and mixed arrays are read in order") {
    std::string order;
    const auto read = [&order](Table& root) {
        CHECK(root.table("one", [&](Table& one) { order += one.string("name").value_or("?"); }));
        root.each("many", [&](Table& many) { order += many.string("name").value_or("?"); });
        root.each(
            "mixed",
            [&](const Text& text) { order += text.value + std::to_string(text.place.column); },
            [&](Table& table) { order += table.string("name").value_or("?"); });
    };
    CHECK(mistakes_in("mixed = [\"m\", {name = \"n\"}]\n"
                      "one.name = \"a\"\n"
                      "[[many]]\nname = \"b\"\n"
                      "[[many]]\nname = \"c\"\n",
                      read) == "");
    CHECK(order == "abcm10n");
}

TEST_CASE("wrong items of arrays of tables are recorded") {
    const auto read = [](Table& root) {
        root.each("a", [](Table&) {});
        root.each("b", [](const Text&) {}, [](Table&) {});
        root.each("c", [](const Text&) {}, [](Table&) {});
    };
    CHECK(mistakes_in("a = [{}, 1]\nb = [\"x\", {}, 1]\nc = 1\n", read) ==
          "dir/a.toml:1:10: an item of a must be a table, not an integer\n"
          "dir/a.toml:2:15: an item of b must be a string or a table, not an integer\n"
          "dir/a.toml:3:5: c must be an array, not an integer\n");
}

TEST_CASE("keys nobody asked for are errors at their place, in every table, with a guess") {
    const auto read = [](Table& root) {
        std::ignore = root.string("hostname");
        root.each("listener", [](Table& listener) {
            std::ignore = listener.string("address");
            std::ignore = listener.boolean("require_tls");
        });
    };
    CHECK(mistakes_in("hostnam = \"a\"\n"
                      "zzz = 1\n"
                      "[[listener]]\n"
                      "  requre_tls = true\n"
                      "[[listener]]\n"
                      "adress = 1\n",
                      read) == "dir/a.toml:1:1: unknown key hostnam; did you mean hostname?\n"
                               "dir/a.toml:2:1: unknown key zzz\n"
                               "dir/a.toml:4:3: unknown key requre_tls; did you mean require_tls?\n"
                               "dir/a.toml:6:1: unknown key adress; did you mean address?\n");
}

TEST_CASE("readers add mistakes of their own at a key, an absent key, an item") {
    const auto read = [](Table& root) {
        root.each("t", [](Table& table) {
            std::ignore = table.string("a");
            table.error("a", "first");
            table.warning("b", "second");
            table.error(table.place(), "third");
            table.warning(Place{.line = 9, .column = 9}, "fourth");
        });
    };
    CHECK(mistakes_in("\n[[t]]\na = \"x\"\n", read) == "dir/a.toml:2:1: warning: second\n"
                                                       "dir/a.toml:2:1: third\n"
                                                       "dir/a.toml:3:5: first\n"
                                                       "dir/a.toml:9:9: warning: fourth\n");
}

TEST_CASE("a text that is not TOML has one mistake with its place") {
    const std::string_view text = GENERATE(
        as<std::string_view>{}, "a = \n", "a = 1\na = 2\n", "[t\n", "a = \"x\ny\"", "\xff = 1");
    CAPTURE(text);
    const std::string mistake = mistakes_in(text, [](Table&) { FAIL(); });
    CHECK(mistake.starts_with("dir/a.toml:"));
    CHECK(std::ranges::count(mistake, '\n') == 1);
}

TEST_CASE("a table's name that cannot be one is a mistake in every build") {
    for (const std::string_view text :
         {"[!]", "[[\x01]]", "[a.!]", "[[ ,]]", "[=]", "[a\u00fc]", "[a \u2bad]"}) {
        CAPTURE(text);
        const auto document = Document::parse(text, "a.toml");
        REQUIRE_FALSE(document);
        CHECK(document.error().place.line == 1);
        CHECK_FALSE(document.error().message.empty());
    }
}

TEST_CASE("a text nested without end is refused, not followed") {
    CHECK_FALSE(Document::parse("a = " + std::string(100'000, '['), "a.toml"));
}

TEST_CASE("a document is loaded from a file, and a missing one is a mistake") {
    const auto path = std::filesystem::temp_directory_path() / "postern_document_test.toml";
    std::ofstream(path) << "a = 1\n";
    const auto document = Document::load(path.string());
    std::filesystem::remove(path);
    REQUIRE(document);
    CHECK(document->file() == path.string());
    Mistakes mistakes;
    document->read(mistakes, [](Table& root) { CHECK(root.integer("a") == 1); });
    CHECK(mistakes.empty());

    const auto missing = Document::load("/nonexistent/a.toml");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().text() ==
          "/nonexistent/a.toml: cannot be opened: No such file or directory");
}

} // namespace postern::policy
