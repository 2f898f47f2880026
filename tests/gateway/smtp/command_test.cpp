#include "gateway/smtp/command.h"

#include <catch2/catch.hpp>

#include <string>

using namespace std::string_view_literals;
using postern::smtp::Bdat;
using postern::smtp::parse_bdat;
using postern::smtp::parse_command;
using postern::smtp::parse_hello;
using postern::smtp::Verb;

TEST_CASE("verbs are read without regard to case") {
    struct Row {
        std::string_view line;
        Verb verb;
        std::string_view argument;
    };
    const Row row = GENERATE(values<Row>({
        {"HELO a", Verb::helo, "a"},
        {"ehlo a", Verb::ehlo, "a"},
        {"LHLO a", Verb::lhlo, "a"},
        {"Mail FROM:<>", Verb::mail, "FROM:<>"},
        {"rCpT TO:<a@b>", Verb::rcpt, "TO:<a@b>"},
        {"DATA", Verb::data, ""},
        {"BDAT 0 LAST", Verb::bdat, "0 LAST"},
        {"RSET", Verb::rset, ""},
        {"NOOP x y", Verb::noop, "x y"},
        {"QUIT", Verb::quit, ""},
        {"VRFY a", Verb::vrfy, "a"},
        {"EXPN a", Verb::expn, "a"},
        {"HELP", Verb::help, ""},
        {"STARTTLS", Verb::starttls, ""},
        {"STARTTLS x", Verb::starttls, "x"},
        {"AUTH PLAIN", Verb::auth, "PLAIN"},
        {"ETRN a", Verb::etrn, "a"},
        {"XCLIENT NAME=a", Verb::xclient, "NAME=a"},
        {"XFORWARD NAME=a", Verb::xforward, "NAME=a"},
        {"GET / HTTP/1.1", Verb::http, "/ HTTP/1.1"},
        {"Host: mx.example", Verb::http, "mx.example"},
        {"  DATA \t", Verb::data, ""},
        {"DATA\t", Verb::data, ""},
        {"DATAX", Verb::unknown, ""},
        {"DAT", Verb::unknown, ""},
        {"", Verb::unknown, ""},
        {"   ", Verb::unknown, ""},
        {"MAIL\x01", Verb::unknown, ""},
    }));
    CAPTURE(row.line);
    const auto command = parse_command(row.line);
    CHECK(command.verb == row.verb);
    CHECK(command.argument == row.argument);
}

TEST_CASE("any printable name without delimiters will do for HELO and EHLO") {
    for (const std::string_view good : {"mx.example.com",
                                        "localhost",
                                        "[192.0.2.1]",
                                        "[IPv6:2001:db8::1]",
                                        "my_pc",
                                        "mx.example.",
                                        "192.0.2.1",
                                        "a b",
                                        "[broken"}) {
        CAPTURE(good);
        CHECK(parse_hello(good).has_value());
    }
    CHECK(parse_hello("mx.example rest").value() == "mx.example");
    for (const std::string_view bad :
         {""sv, "a\x01"sv, "a\0b"sv, "<a>"sv, "a;b"sv, "a(b)"sv, "a\"b"sv, "a\x7F"sv}) {
        CAPTURE(bad);
        REQUIRE_FALSE(parse_hello(bad).has_value());
        CHECK(parse_hello(bad).error().code == 501);
    }
    CHECK(parse_hello(std::string(255, 'a')).has_value());
    CHECK_FALSE(parse_hello(std::string(256, 'a')).has_value());
}

TEST_CASE("BDAT has a size and perhaps LAST, nothing else") {
    CHECK(parse_bdat("0") == Bdat{0, false});
    CHECK(parse_bdat("1000 LAST") == Bdat{1000, true});
    CHECK(parse_bdat("18446744073709551615  last") == Bdat{UINT64_MAX, true});
    for (const std::string_view bad : {"",
                                       "LAST",
                                       "-1",
                                       "+1",
                                       "1x",
                                       "0x10",
                                       "18446744073709551616",
                                       "1 LAST x",
                                       "1 FIRST",
                                       "1LAST"}) {
        CAPTURE(bad);
        REQUIRE_FALSE(parse_bdat(bad).has_value());
        CHECK(parse_bdat(bad).error().code == 501);
    }
}

TEST_CASE("letters are compared without case, other bytes are not") {
    CHECK(postern::smtp::equal_without_case("Az9", "aZ9"));
    CHECK_FALSE(postern::smtp::equal_without_case("[", "{"));
    CHECK_FALSE(postern::smtp::equal_without_case("a", "ab"));
}
