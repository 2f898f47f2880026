#include "gateway/smtp/foreign_text.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

using postern::smtp::ascii_line;
using postern::smtp::readable_line;

TEST_CASE("people see UTF-8, and nothing that moves or hides it") {
    struct Row {
        std::string_view foreign, shown;
    };
    using namespace std::string_view_literals;
    for (const Row& row : {
             Row{"plain \xC3\xB6 \xE3\x81\x82", "plain \xC3\xB6 \xE3\x81\x82"},
             Row{"a\tb", "a b"},
             Row{"a\0b\r\nc\x1B[2J\x7F"sv, "a?b??c?[2J?"},
             Row{"\xC2\x85", "?"},         // a next line
             Row{"a\xE2\x80\xAEz", "a?z"}, // turns the text behind it around
             Row{"a\xE2\x81\xA6z", "a?z"},
             Row{"a\xE2\x80\xA8z", "a?z"}, // a line separator
             Row{"a\xE2\x80\x8Fz", "a?z"},
             Row{"a\xE2\x80\x90z", "a\xE2\x80\x90z"}, // a hyphen, next to them
             Row{"a\xFF\xC3", "a??"},
         }) {
        CAPTURE(row.foreign);
        CHECK(readable_line(row.foreign, 100) == row.shown);
    }
}

TEST_CASE("machines see printable ASCII") {
    using namespace std::string_view_literals;
    CHECK(ascii_line("a\tb\0c\r\nd\xC3\xB6~\x7F"sv, 100) == "a b?c??d??~?");
}

TEST_CASE("foreign text is cut, between characters") {
    CHECK(readable_line("aa\xC3\xB6", 4) == "aa\xC3\xB6");
    CHECK(readable_line("aa\xC3\xB6", 3) == "aa");
    CHECK(ascii_line("abcd", 3) == "abc");
    CHECK(ascii_line("abc", 3) == "abc");
}
