#include "gateway/smtp/dots.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using postern::smtp::DataScanner;
using postern::smtp::DataState;
using postern::smtp::DotStuffer;
using postern::smtp::DotUnstuffer;
using postern::smtp::end_of_data;

namespace {

struct Stuffed {
    std::string text;
    DataState state = DataState::more;
};

Stuffed stuff(std::string_view content, std::size_t piece) {
    DotStuffer stuffer;
    Stuffed stuffed;
    for (std::size_t at = 0; at < content.size(); at += piece)
        stuffed.state = stuffer.stuff(content.substr(at, piece), stuffed.text);
    stuffed.state = stuffer.finish(stuffed.text);
    return stuffed;
}

} // namespace

TEST_CASE("dots are doubled at the start of lines only, and the last line is ended") {
    struct Row {
        std::string_view content;
        std::string_view stuffed;
    };
    const Row row = GENERATE(values<Row>({
        {"", ""},
        {"a", "a\r\n"},
        {"a\r\n", "a\r\n"},
        {".", "..\r\n"},
        {".\r\n", "..\r\n"},
        {"a.b\r\n.c\r\n..d\r\n", "a.b\r\n..c\r\n...d\r\n"},
        {"\r\n.\r\n\r\n", "\r\n..\r\n\r\n"},
    }));
    for (const std::size_t piece : {1UL, 2UL, 3UL, 100UL}) {
        CAPTURE(row.content, piece);
        CHECK(stuff(row.content, piece).text == row.stuffed);
        CHECK(stuff(row.content, piece).state == DataState::more);
    }
}

TEST_CASE("bare line ends in chunks are errors, also at their very end") {
    for (const std::size_t piece : {1UL, 2UL, 100UL}) {
        CHECK(stuff("a\nb", piece).state == DataState::bare_lf);
        CHECK(stuff("a\rb", piece).state == DataState::bare_cr);
        CHECK(stuff("a\r", piece).state == DataState::bare_cr);
        CHECK(stuff("a\r\r\n", piece).state == DataState::bare_cr);
        CHECK(stuff("\n.\r\n", piece).state == DataState::bare_lf);
    }
}

TEST_CASE("content survives stuffing, scanning and unstuffing, in pieces of any size") {
    std::string content;
    for (int i = 0; i < 40; ++i)
        content += std::string(static_cast<std::size_t>(i) % 5, '.') +
                   std::string(static_cast<std::size_t>(i * 7), 'a') + "\r\n";
    for (const std::size_t piece : {1UL, 13UL, 64UL, 100000UL}) {
        const std::string wire = stuff(content, piece).text + std::string(end_of_data);
        DataScanner scanner;
        DotUnstuffer unstuffer;
        std::string back;
        DataState state = DataState::more;
        for (std::size_t at = 0; at < wire.size(); at += piece) {
            const auto scanned = scanner.scan(std::string_view(wire).substr(at, piece));
            unstuffer.unstuff(scanned.before, back);
            unstuffer.unstuff(scanned.content, back);
            state = scanned.state;
        }
        CHECK(state == DataState::end);
        CHECK(back == content);
        CHECK(scanner.facts().bytes == content.size());
    }
}
