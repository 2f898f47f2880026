#include "gateway/smtp/line_blocks.h"

#include <catch2/catch.hpp>

#include <string>

using postern::smtp::ContentFacts;
using postern::smtp::LinePosition;
using postern::smtp::run_over_blocks;

TEST_CASE("whole blocks of clean lines are run over and counted") {
    std::string text;
    while (text.size() < 640)
        text += "twenty bytes a line\r\n";
    LinePosition position;
    ContentFacts facts;
    CHECK(run_over_blocks(text, 1000, position, facts) == text.size() / 64 * 64);
    CHECK(facts.bytes == text.size() / 64 * 64);
    CHECK(facts.lines == facts.bytes / 21);
    CHECK(position.line_bytes == facts.bytes % 21);
    CHECK_FALSE(facts.line_too_long);
}

TEST_CASE("the run stops before the block that needs a second look") {
    const std::string_view special = GENERATE("\rx", "x\n", "\r\n.");
    for (std::size_t at = 64; at < 128 - special.size(); ++at) {
        std::string text(256, 'a');
        text.replace(at, special.size(), special);
        LinePosition position;
        ContentFacts facts;
        CAPTURE(at);
        REQUIRE(run_over_blocks(text, 0, position, facts) == 64);
    }
}

TEST_CASE("what stands before the blocks counts") {
    ContentFacts facts;
    const std::string dot = "." + std::string(63, 'a');
    LinePosition start{.line_start = true, .after_cr = false, .line_bytes = 0};
    CHECK(run_over_blocks(dot, 0, start, facts) == 0);
    LinePosition within{.line_start = false, .after_cr = false, .line_bytes = 0};
    CHECK(run_over_blocks(dot, 0, within, facts) == 64);
    const std::string lf = "\n" + std::string(63, 'a');
    LinePosition cr{.line_start = false, .after_cr = true, .line_bytes = 0};
    CHECK(run_over_blocks(lf, 0, cr, facts) == 64);
    CHECK(run_over_blocks(lf, 0, within, facts) == 0);
    const std::string text(64, 'a');
    LinePosition after_cr{.line_start = false, .after_cr = true, .line_bytes = 0};
    CHECK(run_over_blocks(text, 0, after_cr, facts) == 0);
}

TEST_CASE("a bound on lines below a block is left to the plain reader") {
    LinePosition position;
    ContentFacts facts;
    CHECK(run_over_blocks(std::string(640, 'a'), 63, position, facts) == 0);
    CHECK(run_over_blocks(std::string(640, 'a'), 64, position, facts) == 640);
    CHECK(facts.line_too_long);
}
