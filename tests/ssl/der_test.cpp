#include "ssl/der.h"

#include <catch2/catch.hpp>

#include <string>

namespace postern::ssl {

using namespace std::string_view_literals;

TEST_CASE("elements are taken one after the other", "[ssl]") {
    DerReader reader("\x02\x01\x05\x30\x03\x02\x01\x06"sv);
    const auto number = reader.next(Tag::integer);
    REQUIRE(number.has_value());
    CHECK(number->content == "\x05");
    CHECK_FALSE(reader.next(Tag::integer).has_value()); // another one: left where it is
    const auto sequence = reader.next();
    REQUIRE(sequence.has_value());
    CHECK(sequence->tag == Tag::sequence);
    CHECK(sequence->whole.size() == 5);
    CHECK(reader.at_end());
    CHECK_FALSE(reader.next().has_value());
}

TEST_CASE("long lengths count in several octets", "[ssl]") {
    const std::string content(300, 'x');
    const std::string der = std::string("\x04\x82\x01\x2c", 4) + content;
    DerReader reader(der);
    const auto element = reader.next(Tag::octet_string);
    REQUIRE(element.has_value());
    CHECK(element->content == content);
}

TEST_CASE("what is cut short or written otherwise is not taken", "[ssl]") {
    const auto bytes = GENERATE(values<std::string_view>({"",
                                                          "\x02",
                                                          "\x02\x02\x05"sv,
                                                          "\x04\x80\x00\x00"sv,
                                                          "\x04\x82\x01"sv,
                                                          "\x04\x84\x00\x00\x00\x01x"sv,
                                                          "\x04\xff"sv,
                                                          "\x1f\x01\x00"sv}));
    DerReader reader(bytes);
    CHECK_FALSE(reader.next().has_value());
    CHECK(reader.at_end() == bytes.empty());
}

} // namespace postern::ssl
