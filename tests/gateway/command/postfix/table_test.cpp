#include "gateway/command/postfix/table.h"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::command::postfix::test {
namespace {

Word word(std::string text, std::uint32_t line, std::uint32_t column) {
    return {.text = std::move(text), .place = {.line = line, .column = column}};
}

struct Read {
    std::vector<TableEntry> entries;
    std::string mistakes;
};

Read read(std::string_view text) {
    policy::Mistakes mistakes;
    auto entries = read_table(text, "table", mistakes);
    return {.entries = std::move(entries), .mistakes = mistakes.text()};
}

} // namespace

TEST_CASE("an entry is a key and the words behind it, each with its place") {
    const TableEntry plain{.key = word("a.example", 1, 1), .words = {word("may", 1, 11)}};
    for (const std::string_view text : {"a.example may",
                                        "a.example may\n",
                                        "a.example\tmay \t\r\n",
                                        "a.example may\n# the end",
                                        "a.example may\n\n \t\n  # the end\n"}) {
        CAPTURE(text);
        const auto [entries, mistakes] = read(text);
        CHECK(mistakes.empty());
        CHECK(entries == std::vector{plain});
    }
}

TEST_CASE("a line that begins with a blank goes on with the one before, whatever is in between") {
    const auto [entries, mistakes] = read("a.example\n"
                                          "  verify\n"
                                          "\n"
                                          "# a comment\n"
                                          "  # another\n"
                                          "\tmatch=x  ciphers=high\n"
                                          "b.example may#no comment\n");
    CHECK(mistakes.empty());
    const std::vector<TableEntry> expected{
        {.key = word("a.example", 1, 1),
         .words = {word("verify", 2, 3), word("match=x", 6, 2), word("ciphers=high", 6, 11)}},
        {.key = word("b.example", 7, 1), .words = {word("may#no", 7, 11), word("comment", 7, 18)}}};
    CHECK(entries == expected);
}

TEST_CASE("a key may have blanks in quotes or behind a backslash, and keeps both") {
    struct Row {
        std::string_view text;
        std::string_view key;
    };
    const auto row = GENERATE(Row{"\"a b\"@c.example OK", "\"a b\"@c.example"},
                              Row{"\"a\\\" b\"@c.example OK", "\"a\\\" b\"@c.example"},
                              Row{"a\\ b OK", "a\\ b"},
                              Row{"\"a\n b\"@c OK", "\"a b\"@c"},
                              Row{"A.Example OK", "A.Example"});
    CAPTURE(row.text);
    const auto [entries, mistakes] = read(row.text);
    CHECK(mistakes.empty());
    REQUIRE(entries.size() == 1);
    CHECK(entries.front().key.text == row.key);
    CHECK(entries.front().words.front().text == "OK");
}

TEST_CASE("what postmap ignores is left out and told, and nothing else is") {
    struct Row {
        std::string_view text;
        std::string_view mistake;
    };
    const auto row = GENERATE(
        Row{"novalue\nb may", "table:1:1: the line has a key and no value\n"},
        Row{"novalue  \n\nb may", "table:1:1: the line has a key and no value\n"},
        Row{"  x y\nb may", "table:1:1: the line begins with a blank and continues nothing\n"},
        Row{"#\n x y\n z\nb may",
            "table:2:1: the line begins with a blank and continues nothing\n"},
        Row{"\"x y\nb may", "table:1:1: the line has a quote that is never closed\n"},
        Row{"\xff y\nb may", "table:1:1: the line is not UTF-8\n"},
        Row{"x \xff\nb may", "table:1:1: the line is not UTF-8\n"},
        Row{"\\\n y\nb may", "table:1:1: the line has a key and no value\n"});
    CAPTURE(row.text);
    const auto [entries, mistakes] = read(row.text);
    CHECK(mistakes == row.mistake);
    REQUIRE(entries.size() == 1);
    CHECK(entries.front().key.text == "b");
}

TEST_CASE("a file that postmap has made is no source") {
    const auto [entries, mistakes] = read(std::string_view("a b\nc\0d e\n", 10));
    CHECK(entries.empty());
    CHECK(mistakes ==
          "table: is not text; give the file that postmap reads, not the one it makes\n");
}

TEST_CASE("a text without entries has none and no mistakes") {
    for (const std::string_view text : {"", "\n", " \t\n", "#", "# a b\n\n  #c d"}) {
        const auto [entries, mistakes] = read(text);
        CHECK(entries.empty());
        CHECK(mistakes.empty());
    }
}

TEST_CASE("words are taken apart at commas, with their places") {
    CHECK(without_commas({word("a,b,,c", 3, 5), word(",", 3, 12), word("d,", 4, 2)}) ==
          std::vector{word("a", 3, 5), word("b", 3, 7), word("c", 3, 10), word("d", 4, 2)});
}

TEST_CASE("text in messages is in quotes, on one line and not long") {
    CHECK(quoted("a.example") == "\"a.example\"");
    CHECK(quoted("\x1b[31m\r\x7f") == "\"?[31m??\"");
    CHECK(quoted(std::string(80, 'x')) == "\"" + std::string(80, 'x') + "\"");
    CHECK(quoted(std::string(81, 'x')) == "\"" + std::string(80, 'x') + "…\"");
}

} // namespace postern::command::postfix::test
