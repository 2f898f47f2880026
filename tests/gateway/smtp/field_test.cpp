#include "gateway/smtp/field.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using postern::smtp::field_name;
using postern::smtp::field_value;
using postern::smtp::FieldReader;
using postern::smtp::Stuffing;

namespace {

std::vector<std::string> fields(std::string_view section, Stuffing stuffing = Stuffing::stuffed) {
    std::vector<std::string> all;
    FieldReader reader(section, stuffing);
    while (const auto field = reader.next())
        all.push_back(std::string(field->name) + "=" + field_value(*field, stuffing));
    return all;
}

using Fields = std::vector<std::string>;

} // namespace

TEST_CASE("fields are read with their folded lines, up to the empty line") {
    CHECK(fields("A: 1\r\nB: 2\r\n 3\r\n\t4\r\nC :5\r\n\r\nD: 6\r\n") ==
          Fields{"A= 1", "B= 2 3\t4", "C=5"});
    CHECK(fields("\r\nA: 1\r\n").empty());
    CHECK(fields("").empty());
    CHECK(fields("A: 1") == Fields{"A= 1"});
}

TEST_CASE("a line of blanks continues a field") {
    CHECK(fields("A: 1\r\n \r\nB: 2\r\n") == Fields{"A= 1 ", "B= 2"});
}

TEST_CASE("malformed lines have no name and end nothing") {
    CHECK(fields("A: 1\r\nno field\r\nB: 2\r\n") == Fields{"A= 1", "=", "B= 2"});
    CHECK(fields("two words: 1\r\n") == Fields{"= 1"});
}

TEST_CASE("the dot that begins a stuffed line is not part of it") {
    CHECK(fields(".From: a\r\n..B: 2\r\n") == Fields{"From= a", ".B= 2"});
    CHECK(fields("A: 1\r\n. 2\r\n") == Fields{"A= 1 2"});
    CHECK(fields(".From: a\r\n", Stuffing::plain) == Fields{".From= a"});
}

TEST_CASE("a colon on a folded line still names the field") {
    CHECK(fields("From\r\n : a@b\r\n") == Fields{"From= a@b"});
    CHECK(fields("From\r\n \r\n\t: a@b\r\n") == Fields{"From= a@b"});
    CHECK(fields("From\r\n x: a@b\r\n") == Fields{"= a@b"});
}

TEST_CASE("names are printable and without blanks") {
    CHECK(field_name("From: x") == "From");
    CHECK(field_name("From \t: x") == "From");
    CHECK(field_name("From") == "");
    CHECK(field_name(": x") == "");
    CHECK(field_name(" From: x") == "");
    CHECK(field_name("Fr\xC3\xB6m: x") == "");
    CHECK(field_name("From mx Sat Jan  1 10:00") == "");
}
