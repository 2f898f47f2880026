#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "perf/data_end.h"

using postern::perf::DataEnd;

namespace {

// How many bytes belong to the message, fed in two pieces cut at `cut`; npos: it does not end.
std::size_t end_of(std::string_view text, std::size_t cut) {
    DataEnd end;
    const DataEnd::Found first = end.scan(text.substr(0, cut));
    if (first.ended) return first.consumed;
    const DataEnd::Found second = end.scan(text.substr(cut));
    return second.ended ? cut + second.consumed : std::string::npos;
}

} // namespace

TEST_CASE("a message ends at CRLF . CRLF, wherever it is cut", "[perf]") {
    struct Row {
        std::string text;
        std::size_t end;
    };
    const std::vector<Row> rows{
        {".\r\n", 3},
        {"a\r\n.\r\n", 6},
        {"a\r\n.\r\nQUIT\r\n", 6},
        {"\r\n.\r\n", 5},
        {"a.b.c\r\n..\r\n.\r\n", 14},
        {"\r\r\n.\r\n", 6},
        {"\r\n.\r\r\n.\r\n", 9},
        {"a\n.\n", std::string::npos},
        {"a\r.\r\n", std::string::npos},
        {"a\n.\r\n", std::string::npos},
        {"a\r\n.\n", std::string::npos},
        {"a\r\n.\r", std::string::npos},
        {"a.\r\n", std::string::npos},
        {"", std::string::npos},
    };
    for (const Row& row : rows) {
        for (std::size_t cut = 0; cut <= row.text.size(); ++cut) {
            CHECK(end_of(row.text, cut) == row.end);
        }
    }
}

TEST_CASE("byte by byte is the same", "[perf]") {
    const std::string text = "x.y\r\n.z\r\n..\r\n\r.\r\n\r\n.\r\nNOOP";
    DataEnd end;
    std::size_t consumed = 0;
    for (const char byte : text) {
        const DataEnd::Found found = end.scan({&byte, 1});
        consumed += found.consumed;
        if (found.ended) break;
    }
    CHECK(consumed == text.size() - 4);
}
