#include "gateway/smtp/line.h"

#include <catch2/catch.hpp>

#include <string>

using namespace std::string_view_literals;
using postern::smtp::find_line;
using postern::smtp::LineState;

TEST_CASE("a line is found without its CRLF, and the rest is left alone") {
    const auto line = find_line("NOOP\r\nQUIT\r\n", 512);
    CHECK(line.state == LineState::line);
    CHECK(line.text == "NOOP");
    CHECK(line.consumed == 6);
}

TEST_CASE("what is wrong with a line is said, whichever comes first in it") {
    struct Row {
        std::string_view buffer;
        LineState state;
    };
    const Row row = GENERATE(values<Row>({
        {"", LineState::need_more},
        {"NOOP", LineState::need_more},
        {"NOOP\r", LineState::need_more},
        {"\r\n", LineState::line},
        {"\n", LineState::bare_lf},
        {"NOOP\nQUIT\r\n", LineState::bare_lf},
        {"NO\rOP\r\n", LineState::bare_cr},
        {"NOOP\r\r\n", LineState::bare_cr},
        {"\rNOOP", LineState::bare_cr},
        {"NO\0OP\r\n"sv, LineState::nul},
        {"NO\0\rOP\r\n"sv, LineState::nul},
        {"NO\r\0OP\r\n"sv, LineState::bare_cr},
        {"NO\0"sv, LineState::nul},
        {"A\rB\n", LineState::bare_cr},
    }));
    CAPTURE(row.buffer);
    CHECK(find_line(row.buffer, 512).state == row.state);
}

TEST_CASE("the longest line allowed is taken, one byte more is too long") {
    const std::string longest(510, 'x');
    CHECK(find_line(longest + "\r\n", 512).state == LineState::line);
    CHECK(find_line(longest + "x\r\n", 512).state == LineState::too_long);
    CHECK(find_line(longest + "x", 512).state == LineState::need_more);
    CHECK(find_line(longest + "xx", 512).state == LineState::too_long);
    CHECK(find_line(longest + "x\r", 512).state == LineState::too_long);
}

TEST_CASE("a line too long is skipped up to its end") {
    const auto begun = postern::smtp::skip_line("xxxx");
    CHECK(begun.consumed == 4);
    CHECK_FALSE(begun.ended);
    const auto ended = postern::smtp::skip_line("xx\r\nQUIT\r\n");
    CHECK(ended.consumed == 4);
    CHECK(ended.ended);
    CHECK(postern::smtp::skip_line("").consumed == 0);
}
