#include "gateway/smtp/quoted_printable.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <string_view>

using namespace postern::smtp;
using namespace std::string_view_literals;

namespace {

std::string encoded(std::string_view body) {
    std::string out;
    append_quoted_printable(out, body);
    return out;
}

std::string unstructured(std::string_view text) {
    std::string out = "Subject: ";
    append_unstructured(out, text);
    return out;
}

} // namespace

TEST_CASE("quoted-printable keeps line ends and writes what is not plain in hexadecimal") {
    CHECK(encoded("a=b\tc\r\nd \r\n\xC3\xB6\t") == "a=3Db\tc\r\nd=20\r\n=C3=B6=09");
    CHECK(encoded("a\rb\nc\0"sv) == "a=0Db=0Ac=00");
    CHECK(encoded("") == "");
}

TEST_CASE("encoded lines have 76 bytes at most, and are cut only where they must be") {
    CHECK(encoded(std::string(76, 'a')) == std::string(76, 'a'));
    CHECK(encoded(std::string(77, 'a')) == std::string(75, 'a') + "=\r\naa");
    CHECK(encoded(std::string(73, 'a') + "=") == std::string(73, 'a') + "=3D");
    CHECK(encoded(std::string(74, 'a') + "=") == std::string(74, 'a') + "=\r\n=3D");
    CHECK(encoded(std::string(73, 'a') + "=b") == std::string(73, 'a') + "=\r\n=3Db");
}

TEST_CASE("header text is encoded only where it is not ASCII") {
    CHECK(unstructured("plain = text?") == "Subject: plain = text?");
    CHECK(unstructured("a \xC3\xB6") == "Subject: =?utf-8?Q?a=20=C3=B6?=");
}

TEST_CASE("encoded words have 75 bytes at most and hold whole characters") {
    std::string text;
    for (int i = 0; i < 20; ++i)
        text += "\xE3\x81\x82";
    const std::string field = unstructured(text);
    std::string_view rest = std::string_view(field).substr(9);
    std::size_t characters = 0;
    while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find("\r\n "));
        CHECK(word.size() <= 75);
        REQUIRE(word.starts_with("=?utf-8?Q?"));
        REQUIRE(word.ends_with("?="));
        const auto letters = word.substr(10, word.size() - 12);
        CHECK(letters.size() % 9 == 0);
        characters += letters.size() / 9;
        rest.remove_prefix(std::min(word.size() + 3, rest.size()));
    }
    CHECK(characters == 20);
}

TEST_CASE("what may stand in 7bit and in 8bit") {
    struct Row {
        std::string body;
        bool seven, eight;
    };
    const std::string full(998, 'a');
    for (const Row& row : {
             Row{"", true, true},
             Row{"a\r\n\r\nb", true, true},
             Row{full + "\r\n" + full, true, true},
             Row{"\r\n" + full + "a", false, false},
             Row{"\xC3\xB6\r\n", false, true},
             Row{"a\rb", false, false},
             Row{"a\nb", false, false},
             Row{std::string("a\0b", 3), false, false},
         }) {
        CAPTURE(row.body.size());
        CHECK(is_seven_bit(row.body) == row.seven);
        CHECK(is_eight_bit(row.body) == row.eight);
    }
}
