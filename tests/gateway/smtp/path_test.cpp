#include "gateway/smtp/path.h"

#include <catch2/catch.hpp>

#include <string>

using namespace std::string_view_literals;
using postern::smtp::is_domain;
using postern::smtp::PathError;
using postern::smtp::PathKind;
using postern::smtp::read_path;
using postern::smtp::Utf8;

TEST_CASE("a path is read from the text that begins with it") {
    struct Row {
        std::string_view text;
        std::string_view address;
        std::string_view domain;
        std::string_view rest;
    };
    const Row row = GENERATE(values<Row>({
        {"<a@example.com>", "a@example.com", "example.com", ""},
        {"<a@example.com> SIZE=1", "a@example.com", "example.com", " SIZE=1"},
        {"<a@localhost>", "a@localhost", "localhost", ""},
        {"<A.b+c@Example.COM>", "A.b+c@Example.COM", "Example.COM", ""},
        {"<a@under_score.example>", "a@under_score.example", "under_score.example", ""},
        {"<@one.example,@two.example:a@b.example>", "a@b.example", "b.example", ""},
        {"<@[192.0.2.1]:a@b.example>", "a@b.example", "b.example", ""},
        {"<a@[192.0.2.1]>", "a@[192.0.2.1]", "[192.0.2.1]", ""},
        {"<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]", ""},
        {"<\"a b\"@example.com>", "\"a b\"@example.com", "example.com", ""},
        {"<\"a>b@c\"@example.com>", "\"a>b@c\"@example.com", "example.com", ""},
        {"a@example.com", "a@example.com", "example.com", ""},
        {"a@example.com SIZE=1", "a@example.com", "example.com", " SIZE=1"},
    }));
    CAPTURE(row.text);
    const auto read = read_path(row.text, PathKind::reverse, Utf8::refused);
    REQUIRE(read.has_value());
    CHECK(read->path.address() == row.address);
    CHECK(read->path.domain() == row.domain);
    CHECK(read->rest == row.rest);
    CHECK_FALSE(read->path.is_null());
}

TEST_CASE("what is no path is refused, never repaired") {
    const std::string_view text = GENERATE(""sv,
                                           "<"sv,
                                           "<a@example.com"sv,
                                           "a@example.com>"sv,
                                           "<a>"sv,
                                           "<@example.com>"sv,
                                           "<a@>"sv,
                                           "<a@b@c>"sv,
                                           "<a b@example.com>"sv,
                                           "< a@example.com>"sv,
                                           "<a@example.com >"sv,
                                           "<.a@example.com>"sv,
                                           "<a.@example.com>"sv,
                                           "<a..b@example.com>"sv,
                                           "<a@example..com>"sv,
                                           "<a@.example.com>"sv,
                                           "<a@example.com.>"sv,
                                           "<a@-example.com>"sv,
                                           "<a@example-.com>"sv,
                                           "<a@exam ple.com>"sv,
                                           "<a@[192.0.2.1>"sv,
                                           "<a@[192.0.2.256]>"sv,
                                           "<a@[192.0.2]>"sv,
                                           "<a@[IPv6:2001:db8::g]>"sv,
                                           "<a@[]>"sv,
                                           "<a@192.0.2.1]>"sv,
                                           "<\"a@example.com>"sv,
                                           "<\"a\"b@example.com>"sv,
                                           "<\"a\\\"@example.com>"sv,
                                           "<\"a\x01\"@example.com>"sv,
                                           "<a(c)@example.com>"sv,
                                           "<a@example.com(c)>"sv,
                                           "<@one.example a@b.example>"sv,
                                           "<@one.example:>"sv,
                                           "<@one..example:a@b.example>"sv,
                                           "<@one.example,:a@b.example>"sv,
                                           "<<a@example.com>>"sv,
                                           "<a@\0.com>"sv,
                                           "a"sv,
                                           "a@b,c@d"sv,
                                           "<postmaster>"sv,
                                           "<a@exam\0ple.com>"sv);
    CAPTURE(text);
    CHECK_FALSE(read_path(text, PathKind::reverse, Utf8::refused).has_value());
}

TEST_CASE("the null path is for senders, the postmaster without domain for recipients") {
    const auto null = read_path("<> X", PathKind::reverse, Utf8::refused);
    REQUIRE(null.has_value());
    CHECK(null->path.is_null());
    CHECK(null->path.domain().empty());
    CHECK(null->rest == " X");
    CHECK_FALSE(read_path("<>", PathKind::forward, Utf8::refused).has_value());
    const auto postmaster = read_path("<PostMaster>", PathKind::forward, Utf8::refused);
    REQUIRE(postmaster.has_value());
    CHECK(postmaster->path.local() == "PostMaster");
    CHECK(postmaster->path.domain().empty());
    CHECK_FALSE(read_path("<webmaster>", PathKind::forward, Utf8::refused).has_value());
}

TEST_CASE("a quoted local part means what its quotes and backslashes leave") {
    const auto read = read_path(R"(<"a\"b\\ c"@example.com>)", PathKind::reverse, Utf8::refused);
    REQUIRE(read.has_value());
    CHECK(read->path.local() == R"("a\"b\\ c")");
    CHECK(read->path.local_value() == R"(a"b\ c)");
}

TEST_CASE("addresses beyond ASCII need SMTPUTF8 and must be UTF-8") {
    const std::string_view address = "<j\xC3\xB6rg@m\xC3\xBCller.example>";
    CHECK(read_path(address, PathKind::reverse, Utf8::refused).error() == PathError::needs_utf8);
    const auto read = read_path(address, PathKind::reverse, Utf8::allowed);
    REQUIRE(read.has_value());
    CHECK(read->path.needs_smtputf8());
    CHECK(read_path("<j\xF6rg@b.example>", PathKind::reverse, Utf8::allowed).error() ==
          PathError::syntax);
    CHECK_FALSE(
        read_path("<a@b.example>", PathKind::reverse, Utf8::allowed)->path.needs_smtputf8());
}

TEST_CASE("local part and domain are bounded") {
    const auto read = [](std::size_t local, const std::string& domain) {
        return read_path("<" + std::string(local, 'a') + "@" + domain + ">",
                         PathKind::reverse,
                         Utf8::refused)
            .has_value();
    };
    CHECK(read(255, "b.example"));
    CHECK_FALSE(read(256, "b.example"));
    const std::string label63 = std::string(63, 'b');
    CHECK(read(1, label63 + ".example"));
    CHECK_FALSE(read(1, label63 + "b.example"));
    const std::string domain255 = label63 + "." + label63 + "." + label63 + "." + label63;
    CHECK(read(1, domain255));
    CHECK_FALSE(read(1, domain255 + ".c"));
    CHECK(is_domain(domain255, Utf8::refused));
    CHECK_FALSE(is_domain("", Utf8::refused));
}
