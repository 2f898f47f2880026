#include "gateway/smtp/utf8.h"

#include <catch2/catch.hpp>

using postern::smtp::is_utf8;

TEST_CASE("only the shortest form of a code point is UTF-8") {
    for (const std::string_view good : {"",
                                        "abc",
                                        "\xC2\x80",
                                        "\xDF\xBF",
                                        "\xE0\xA0\x80",
                                        "\xED\x9F\xBF",
                                        "\xEE\x80\x80",
                                        "\xF0\x90\x80\x80",
                                        "\xF4\x8F\xBF\xBF"}) {
        CHECK(is_utf8(good));
    }
    for (const std::string_view bad : {"\x80",
                                       "\xC1\xBF",
                                       "\xC3",
                                       "\xC3(",
                                       "\xE0\x9F\xBF",
                                       "\xED\xA0\x80",
                                       "\xF0\x8F\xBF\xBF",
                                       "\xF4\x90\x80\x80",
                                       "\xF8\x88\x80\x80\x80",
                                       "\xFF"}) {
        CHECK_FALSE(is_utf8(bad));
    }
    CHECK(postern::smtp::is_ascii("abc"));
    CHECK_FALSE(postern::smtp::is_ascii("\xC3\xA9"));
}

TEST_CASE("a code point is read with its length") {
    using postern::smtp::first_code_point;
    CHECK(first_code_point("ab").value == U'a');
    CHECK(first_code_point("ab").bytes == 1);
    CHECK(first_code_point("\xE3\x81\x82x").value == U'\u3042');
    CHECK(first_code_point("\xE3\x81\x82x").bytes == 3);
    CHECK(first_code_point("").bytes == 0);
    CHECK(first_code_point("\xE3\x81").bytes == 0);
}
