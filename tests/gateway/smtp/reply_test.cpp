#include "gateway/smtp/reply.h"

#include <catch2/catch.hpp>

#include <string>

using postern::smtp::EnhancedCode;
using postern::smtp::find_enhanced_code;
using postern::smtp::Reply;
using postern::smtp::wire_text;

TEST_CASE("a reply has its enhanced code on each line") {
    CHECK(wire_text({.code = 250, .enhanced = {2, 1, 0}, .text = "OK"}) == "250 2.1.0 OK\r\n");
    CHECK(wire_text({.code = 550, .enhanced = {5, 7, 10}, .text = "one\ntwo"}) ==
          "550-5.7.10 one\r\n550 5.7.10 two\r\n");
    CHECK(wire_text({.code = 220, .enhanced = {}, .text = "mx ESMTP"}) == "220 mx ESMTP\r\n");
    CHECK(wire_text({.code = 250, .enhanced = {}, .text = ""}) == "250 \r\n");
}

TEST_CASE("foreign text cannot break out of a reply") {
    CHECK(wire_text({.code = 250,
                     .enhanced = {},
                     .text = "a\rb\x01\x7F"
                             "c"}) == "250 a?b??c\r\n");
    const std::string nul("x\0y", 3);
    CHECK(wire_text({.code = 250, .enhanced = {}, .text = nul}) == "250 x?y\r\n");
}

TEST_CASE("a line of a reply has 512 bytes at most") {
    const std::string fits(512 - 6, 'x');
    CHECK(wire_text({.code = 250, .enhanced = {}, .text = fits}) == "250 " + fits + "\r\n");
    CHECK(wire_text({.code = 250, .enhanced = {}, .text = fits + "y"}) == "250 " + fits + "\r\n");
}

TEST_CASE("an enhanced code is recognised at the start of a text only when it is one") {
    struct Row {
        std::string_view text;
        EnhancedCode code;
        std::size_t bytes;
    };
    const Row row = GENERATE(values<Row>({
        {"5.7.10 TLS", {5, 7, 10}, 7},
        {"2.0.0", {2, 0, 0}, 5},
        {"4.999.999 x", {4, 999, 999}, 10},
        {"4.1000.1 x", {}, 0},
        {"3.0.0 x", {}, 0},
        {"5.7 x", {}, 0},
        {"5.7.x", {}, 0},
        {"5.7.1x", {}, 0},
        {".5.7.1", {}, 0},
        {"", {}, 0},
        {"5..1", {}, 0},
    }));
    CAPTURE(row.text);
    CHECK(find_enhanced_code(row.text).code == row.code);
    CHECK(find_enhanced_code(row.text).bytes == row.bytes);
}

TEST_CASE("the classes of reply codes do not overlap") {
    CHECK(postern::smtp::is_positive(299));
    CHECK_FALSE(postern::smtp::is_positive(300));
    CHECK(postern::smtp::is_intermediate(354));
    CHECK(postern::smtp::is_transient(400));
    CHECK_FALSE(postern::smtp::is_transient(500));
    CHECK(postern::smtp::is_permanent(599));
}
