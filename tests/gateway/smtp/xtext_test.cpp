#include "gateway/smtp/xtext.h"

#include <catch2/catch.hpp>

#include <string>

using postern::smtp::append_xtext;
using postern::smtp::decode_xtext;

TEST_CASE("xtext writes +, = and what is not printable as hexadecimal") {
    std::string out;
    append_xtext(out, "a+b=c d\xC3");
    CHECK(out == "a+2Bb+3Dc+20d+C3");
    CHECK(decode_xtext(out) == "a+b=c d\xC3");
}

TEST_CASE("what is not xtext is not decoded") {
    for (const std::string_view bad :
         {"a=b", "a b", "a+", "a+4", "a+4x", "a+4g", "a+c3", "\xC3\xA9", "\x7F"}) {
        CAPTURE(bad);
        CHECK_FALSE(decode_xtext(bad).has_value());
    }
    CHECK(decode_xtext("").has_value());
    CHECK(decode_xtext("+41") == "A");
}

TEST_CASE("an address in UTF-8 has a form in ASCII") {
    std::string out;
    postern::smtp::append_utf8_xtext(
        out, "\"a b\\\"+=\t\"\xC3\xB6\xE3\x81\x82\xF0\x9F\x98\x80@b.example\xC3");
    CHECK(out ==
          "\"a\\x{20}b\\x{5C}\"\\x{2B}\\x{3D}\\x{09}\"\\x{F6}\\x{3042}\\x{1F600}@b.example?");
    out.clear();
    postern::smtp::append_original_as_utf8_xtext(out, "\\x{20}\xC3\xB6");
    CHECK(out == "\\x{20}\\x{F6}");
}
