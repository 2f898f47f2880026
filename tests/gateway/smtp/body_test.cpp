#include "gateway/smtp/body.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace std::string_view_literals;
using postern::smtp::ContentFacts;
using postern::smtp::DataScanner;
using postern::smtp::DataState;

namespace {

struct Result {
    std::string content;
    std::string rest;
    DataState state = DataState::more;
    ContentFacts facts;
};

// Scans in pieces of `piece` bytes.
Result scan(std::string_view stream, std::size_t piece, std::size_t line_bytes_max = 1000) {
    DataScanner scanner(line_bytes_max);
    Result result;
    while (!stream.empty() && result.state == DataState::more) {
        const auto scanned = scanner.scan(stream.substr(0, piece));
        result.content += scanned.before;
        result.content += scanned.content;
        result.state = scanned.state;
        stream.remove_prefix(scanned.consumed);
    }
    result.rest = stream;
    result.facts = scanner.facts();
    return result;
}

const std::vector<std::size_t> pieces{1, 2, 3, 5, 64, 65, 1000000};

} // namespace

TEST_CASE("a message ends at CRLF . CRLF and at nothing else") {
    struct Row {
        std::string_view stream;
        std::string_view content;
        std::string_view rest;
        DataState state;
    };
    const Row row = GENERATE(values<Row>({
        {"a\r\n.\r\n", "a\r\n", "", DataState::end},
        {".\r\n", "", "", DataState::end},
        {"\r\n.\r\n", "\r\n", "", DataState::end},
        {"a\r\n.\r\nQUIT\r\n", "a\r\n", "QUIT\r\n", DataState::end},
        {".\r\n.\r\n", "", ".\r\n", DataState::end},
        {"a\r\n..\r\nb\r\n.\r\n", "a\r\n..\r\nb\r\n", "", DataState::end},
        {"a\r\n.b\r\n.\r\n", "a\r\n.b\r\n", "", DataState::end},
        {"a.\r\n.\r\n", "a.\r\n", "", DataState::end},
        {"...\r\n.\r\n", "...\r\n", "", DataState::end},
        {"a\r\n. \r\n.\r\n", "a\r\n. \r\n", "", DataState::end},
        {"a\r\n.", "a\r\n", "", DataState::more},
        {"a\r\n.\r", "a\r\n", "", DataState::more},
        {"a\r", "a", "", DataState::more},
        {"", "", "", DataState::more},
    }));
    for (const std::size_t piece : pieces) {
        CAPTURE(row.stream, piece);
        const Result result = scan(row.stream, piece);
        CHECK(result.content == row.content);
        CHECK(result.rest == row.rest);
        CHECK(result.state == row.state);
    }
}

// Each of these ends the message for some server somewhere.
TEST_CASE("every way to smuggle an end of data is an error, wherever the bytes are cut") {
    struct Row {
        std::string_view tail;
        DataState state;
    };
    const Row row = GENERATE(values<Row>({
        {"\n.\n", DataState::bare_lf},         {"\n.\r\n", DataState::bare_lf},
        {"\r\n.\n", DataState::bare_lf},       {"\r.\r", DataState::bare_cr},
        {"\r.\r\n", DataState::bare_cr},       {"\r\n.\r\r\n", DataState::bare_cr},
        {"\r\n.\rx", DataState::bare_cr},      {"\r\r\n.\r\n", DataState::bare_cr},
        {"\n\r.\r\n", DataState::bare_lf},     {"\n\n.\n\n", DataState::bare_lf},
        {"\r\n\n.\r\n", DataState::bare_lf},   {"\r\n.\n\r\n", DataState::bare_lf},
        {"\r\0\n.\r\n"sv, DataState::bare_cr}, {"\r\n.\r\0\n"sv, DataState::bare_cr},
        {"\r \n.\r\n", DataState::bare_cr},    {"\n", DataState::bare_lf},
        {"\rx", DataState::bare_cr},           {"\r\r", DataState::bare_cr},
        {"\r\n\r.\r\n", DataState::bare_cr},   {"\r\n\n", DataState::bare_lf},
        {"\r\n..\n", DataState::bare_lf},      {"\r\n.\r.\r\n", DataState::bare_cr},
    }));
    // The tail stands at every place of the blocks that the fast path takes.
    for (std::size_t before = 0; before < 140; ++before) {
        const std::string stream =
            std::string(before, 'a') + std::string(row.tail) + "MAIL FROM:<x@y>\r\n.\r\n";
        for (const std::size_t piece : pieces) {
            const Result result = scan(stream, piece);
            if (result.state != row.state) {
                CAPTURE(row.tail, before, piece);
                REQUIRE(result.state == row.state);
            }
            // What was handed out is clean and ends nothing.
            if (result.content.find("\r\n.\r\n") != std::string::npos ||
                result.content.ends_with('\r')) {
                CAPTURE(row.tail, before, piece);
                REQUIRE(false);
            }
        }
    }
}

TEST_CASE("an end of data is found at every place of a block") {
    for (std::size_t before = 0; before < 200; ++before) {
        const std::string content = std::string(before, 'a') + "\r\n";
        for (const std::size_t piece : pieces) {
            const Result result = scan(content + ".\r\nQUIT", piece);
            if (result.content != content || result.rest != "QUIT" ||
                result.state != DataState::end) {
                CAPTURE(before, piece, result.content, result.rest);
                REQUIRE(false);
            }
        }
    }
}

TEST_CASE("after an error or the end nothing more is read") {
    DataScanner broken;
    CHECK(broken.scan("a\nb").state == DataState::bare_lf);
    const auto again = broken.scan("\r\n.\r\n");
    CHECK(again.state == DataState::bare_lf);
    CHECK(again.consumed == 0);
    CHECK(again.content.empty());
    DataScanner ended;
    CHECK(ended.scan(".\r\n").state == DataState::end);
    CHECK(ended.scan("x").consumed == 0);
}

TEST_CASE("nothing of the piece with the error is handed out") {
    DataScanner scanner;
    CHECK(scanner.scan("good\r\n").content == "good\r\n");
    const auto scanned = scanner.scan("more\r\nbad\n");
    CHECK(scanned.state == DataState::bare_lf);
    CHECK(scanned.before.empty());
    CHECK(scanned.content.empty());
}

TEST_CASE("bytes are counted as the SIZE extension counts them") {
    const std::string stream = "..a\r\n.b\r\n\xE9\r\n.\r\n";
    for (const std::size_t piece : pieces) {
        const ContentFacts facts = scan(stream, piece).facts;
        CHECK(facts.bytes == 10); // ".a" "b" and one byte, each with CRLF
        CHECK(facts.lines == 3);
        CHECK(facts.eight_bit);
        CHECK_FALSE(facts.nul);
    }
    CHECK_FALSE(scan("abc\r\n.\r\n", 100).facts.eight_bit);
}

TEST_CASE("8-bit and NUL bytes are seen at every place of a block") {
    for (std::size_t before = 0; before < 130; ++before) {
        const std::string a(before, 'a');
        const std::string b(130 - before, 'b');
        REQUIRE(scan(a + "\x80" + b + "\r\n.\r\n", 1000).facts.eight_bit);
        REQUIRE_FALSE(scan(a + "\x7F" + b + "\r\n.\r\n", 1000).facts.eight_bit);
        REQUIRE(scan(a + std::string(1, '\0') + b + "\r\n.\r\n", 1000).facts.nul);
        REQUIRE_FALSE(scan(a + "\x01" + b + "\r\n.\r\n", 1000).facts.nul);
    }
}

TEST_CASE("a text line may have 1,000 bytes with its CRLF, a stuffed dot not counted") {
    const std::string line(998, 'x');
    const std::string before(77, 'y');
    for (const std::size_t piece : {1UL, 7UL, 64UL, 100000UL}) {
        const auto too_long = [&](const std::string& text, std::size_t bound) {
            return scan(before + "\r\n" + text + "\r\nz\r\n.\r\n", piece, bound)
                .facts.line_too_long;
        };
        CHECK_FALSE(too_long(line, 1000));
        CHECK_FALSE(too_long("." + line, 1000));
        CHECK(too_long(line + "x", 1000));
        CHECK(too_long(line + "x", 1000));
        CHECK_FALSE(too_long(line + "x", 1001));
        CHECK_FALSE(too_long(std::string(100000, 'x'), 0));
        CHECK(too_long(std::string(100000, 'x'), 1000));
    }
    CHECK_FALSE(scan("12345678\r\n.\r\n", 100, 10).facts.line_too_long);
    CHECK(scan("123456789\r\n.\r\n", 100, 10).facts.line_too_long);
}
