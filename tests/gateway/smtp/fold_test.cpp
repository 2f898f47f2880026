#include "gateway/smtp/fold.h"

#include <catch2/catch.hpp>

#include <string>

using postern::smtp::fold_at;
using postern::smtp::Folded;

TEST_CASE("a word goes on the line up to 78 bytes, and on the next one beyond") {
    for (const std::size_t length : {fold_at - 6, fold_at - 5}) {
        CAPTURE(length);
        std::string out;
        Folded field(out);
        out += "Name:";
        field.add(std::string(length, 'w'));
        CHECK(out.starts_with("Name:\r\n\tw") == (length > fold_at - 6));
    }
}

TEST_CASE("a word that is too long for any line stands on one of its own, and no line is blank") {
    std::string out = "before\r\n";
    Folded field(out);
    out += "Name:";
    field.add(std::string(100, 'a'));
    field.new_line();
    field.new_line();
    field.add("b");
    field.add("c");
    CHECK(out == "before\r\nName:\r\n\t" + std::string(100, 'a') + "\r\n\tb c");
}

TEST_CASE("a field's beginning that stands there already counts") {
    std::string out = "before\r\nName: " + std::string(70, 'n');
    Folded field(out, 8);
    field.add("w");
    field.add("x");
    CHECK(out.ends_with("n w\r\n\tx"));
}
