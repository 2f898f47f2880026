#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "perf/reply_code.h"

using postern::perf::ReplyCode;

namespace {

std::vector<int> codes_in(std::string_view text, std::size_t piece) {
    ReplyCode reader;
    std::vector<int> codes;
    while (!text.empty()) {
        std::string_view bytes = text.substr(0, piece);
        text.remove_prefix(bytes.size());
        while (const auto code = reader.read(bytes)) {
            codes.push_back(*code);
        }
    }
    return codes;
}

} // namespace

TEST_CASE("replies are read one after the other, cut up anyhow", "[perf]") {
    const std::string text =
        "220 ready\r\n250-a\r\n250-b\r\n250 c\r\n354\r\n250 2.0.0 ok\r\n550-no\r\n550 no\r\n";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        CHECK(codes_in(text, piece) == std::vector{220, 250, 354, 250, 550});
    }
}

TEST_CASE("what is no reply has the code 0", "[perf]") {
    CHECK(codes_in("hello there\r\n", 100) == std::vector{0});
    CHECK(codes_in("25\r\n", 100) == std::vector{0});
    CHECK(codes_in("\r\n", 100) == std::vector{0});
}

TEST_CASE("a reply that has not ended is none yet", "[perf]") {
    CHECK(codes_in("250-a\r\n250 b\r", 100).empty());
    CHECK(codes_in("250-a\r\n", 100).empty());
}
