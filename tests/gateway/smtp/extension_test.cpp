#include "gateway/smtp/extension.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using postern::smtp::ehlo_reply;
using postern::smtp::Extension;
using postern::smtp::Extensions;
using postern::smtp::parse_extensions;
using postern::smtp::XclientAttribute;

TEST_CASE("extensions are read from a reply to EHLO, whatever their case") {
    const std::vector<std::string> lines{
        "mx.example PIPELINING", // the name of the host, no keyword
        "size 52428800",
        "8bitmime",
        "STARTTLS",
        "AUTH=LOGIN",
        "X-UNKNOWN foo",
        "XCLIENT NAME ADDR foo"};
    const Extensions extensions = parse_extensions(lines);
    CHECK_FALSE(extensions.has(Extension::pipelining));
    CHECK(extensions.has(Extension::size));
    CHECK(extensions.size_max() == 52428800);
    CHECK(extensions.has(Extension::eight_bit_mime));
    CHECK(extensions.has(Extension::starttls));
    CHECK(extensions.has(Extension::auth));
    CHECK(extensions.has(XclientAttribute::name));
    CHECK(extensions.has(XclientAttribute::addr));
    CHECK_FALSE(extensions.has(XclientAttribute::port));
}

TEST_CASE("a size limit that is no number is no offer") {
    CHECK(parse_extensions(std::vector<std::string>{"mx", "SIZE"}).size_max() == 0);
    CHECK(parse_extensions(std::vector<std::string>{"mx", "SIZE"}).has(Extension::size));
    CHECK_FALSE(parse_extensions(std::vector<std::string>{"mx", "SIZE x"}).has(Extension::size));
    CHECK_FALSE(parse_extensions(std::vector<std::string>{"mx", "SIZE 99999999999999999999"})
                    .has(Extension::size));
    CHECK(parse_extensions(std::vector<std::string>{}).empty());
}

TEST_CASE("the reply to EHLO lists what is offered and reads back the same") {
    Extensions offered;
    offered.add(Extension::pipelining).add_size(1000).add(Extension::dsn);
    const auto reply = ehlo_reply("mx.example", offered);
    CHECK(wire_text(reply) == "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 DSN\r\n");
    offered.add(XclientAttribute::addr).add(XclientAttribute::helo);
    const std::vector<std::string> lines{
        "mx", "PIPELINING", "SIZE 1000", "DSN", "XCLIENT ADDR HELO"};
    CHECK(parse_extensions(lines) == offered);
    CHECK(wire_text(ehlo_reply("mx", Extensions{})) == "250 mx\r\n");
}

TEST_CASE("what two sides have in common takes the smaller limit") {
    const auto both = [](Extensions ours, Extensions theirs) {
        return common(ours, theirs).size_max();
    };
    CHECK(both(Extensions{}.add_size(10), Extensions{}.add_size(20)) == 10);
    CHECK(both(Extensions{}.add_size(0), Extensions{}.add_size(20)) == 20);
    CHECK(both(Extensions{}.add_size(10), Extensions{}.add_size(0)) == 10);
    CHECK_FALSE(
        common(Extensions{}.add_size(10), Extensions{}.add(Extension::dsn)).has(Extension::size));
    const Extensions shared = common(Extensions{}.add(Extension::dsn).add(Extension::chunking),
                                     Extensions{}.add(Extension::dsn).add(Extension::smtputf8));
    CHECK(shared == Extensions{}.add(Extension::dsn));
    CHECK(Extensions{}.add(Extension::dsn).remove(Extension::dsn).empty());
}
