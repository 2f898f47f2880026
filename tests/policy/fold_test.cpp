#include "policy/fold.h"

#include <catch2/catch.hpp>

#include <string>

using namespace postern::policy;

namespace {

std::string folded(std::string_view text) {
    std::string out;
    append_lower_case(text, out);
    return out;
}

} // namespace

TEST_CASE("letters of the usual scripts become small, all else stays") {
    const auto [text, small] = GENERATE(table<std::string, std::string>({
        {"MiXeD.123+x", "mixed.123+x"},
        {"ÀÖ×ØÞßÿ", "àö×øþßÿ"},
        {"ĀāĿŀŇŊŸŹŽ", "āāŀŀňŋÿźž"},
        {"ΆΈΌΎΏΑΡΣΫ", "άέόύώαρσϋ"},
        {"ЀЏАЯѠ", "ѐџаяѡ"},
        {"ՀԱՖ", "հաֆ"},
        {"ḀẔẠỾ", "ḁẕạỿ"},
        {"ＡＺ", "ａｚ"},
        {"日本語😀", "日本語😀"},
        {"", ""},
    }));
    CHECK(folded(text) == small);
    CHECK(folded(small) == small);
}

TEST_CASE("bytes that are no UTF-8 stay, and are told apart from it") {
    const auto text = GENERATE(as<std::string>(),
                               "\xff",
                               "\xc3",             // cut
                               "\xc1\x81",         // longer than needed
                               "\xe0\x80\x80",     // longer than needed
                               "\xed\xa0\x80",     // a surrogate
                               "\xf4\x90\x80\x80", // beyond the last code
                               "\x80");
    CHECK(folded(text) == text);
    CHECK_FALSE(is_utf8(text));
    CHECK_FALSE(is_utf8("a" + text));
}

TEST_CASE("the first and last of each length are UTF-8") {
    CHECK(is_utf8(std::string("\0\x7f", 2)));
    CHECK(is_utf8("\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"));
}
