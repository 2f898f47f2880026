#include "gateway/dns/record.h"

#include <catch2/catch.hpp>

namespace postern::dns {
namespace {

using namespace std::string_literals;

std::string labels(std::size_t count, std::size_t size) {
    std::string name;
    for (std::size_t at = 0; at < count; ++at) {
        name += std::string(at == 0 ? "" : ".") + std::string(size, 'a');
    }
    return name;
}

std::string wire(const std::vector<std::string>& labels) {
    std::string bytes;
    for (const std::string& label : labels) {
        bytes += static_cast<char>(label.size());
        bytes += label;
    }
    return bytes + '\0';
}

std::string mx(const std::string& name) { return "\x01\x02"s + name; }

TEST_CASE("a host name has one spelling") {
    CHECK(host_name("MX1.Example.ORG") == "mx1.example.org");
    CHECK(host_name("example.org.") == "example.org");
    CHECK(host_name("localhost") == "localhost");
    CHECK(host_name("_odd-one.xn--4gbrim.example") == "_odd-one.xn--4gbrim.example");
    CHECK(host_name("1.2.3.example") == "1.2.3.example");
}

TEST_CASE("a name has labels of at most 63 bytes, and 253 in all") {
    CHECK(host_name(labels(1, 63)));
    CHECK(!host_name(labels(1, 64)));
    CHECK(host_name(labels(127, 1)));        // 253
    CHECK(!host_name(labels(127, 1) + "a")); // 254
    CHECK(host_name(labels(127, 1) + "."));  // its last dot does not count
}

TEST_CASE("what cannot be a mail host is no host name") {
    const std::string text = GENERATE(as<std::string>{},
                                      "",
                                      ".",
                                      "a..b",
                                      ".a",
                                      "a..",
                                      "a b",
                                      "a\0b"s,
                                      "b\xc3\xbc"
                                      "cher.example",
                                      "*.example",
                                      "[192.0.2.1]",
                                      "192.0.2.1",
                                      "192.0.2.1.",
                                      "a@b",
                                      "a/b",
                                      "\x7f");
    CAPTURE(text);
    CHECK(!host_name(text));
}

TEST_CASE("an MX record is preference and host") {
    CHECK(read_mx(mx(wire({"MX", "example"}))) == Mx{.preference = 258, .host = "mx.example"});
    CHECK(read_mx("\xff\xff"s + wire({"a"})) == Mx{.preference = 65535, .host = "a"});
    CHECK(read_mx("\0\0"s + wire({})) == Mx{.preference = 0, .host = ""}); // RFC 7505
}

TEST_CASE("a damaged or wild MX record is none") {
    const std::string data = GENERATE(as<std::string>{},
                                      "",
                                      "\0"s,
                                      "\0\0"s, // no name
                                      mx("\x02"
                                         "a"), // a label cut
                                      mx("\x01"
                                         "a"),               // no end
                                      mx(wire({"a"}) + "x"), // bytes left over
                                      mx("\xc0\x0c"),        // compressed
                                      mx(wire({"a\0b"s, "example"})),
                                      mx(wire({"a.b", "example"})), // a dot within a label
                                      mx(wire({"\xff\x01", "example"})),
                                      mx(wire({"a b"})),
                                      mx(wire({"192", "0", "2", "1"})),
                                      mx(wire({std::string(63, 'a'),
                                               std::string(63, 'b'),
                                               std::string(63, 'c'),
                                               std::string(63, 'd')})));
    CHECK(!read_mx(data));
}

TEST_CASE("addresses are read in both families") {
    CHECK(read_address("\xc0\0\x02\x01"s)->text() == "192.0.2.1");
    CHECK(read_address("\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01")->text() ==
          "2001:db8::1");
    // An IPv4 address in an AAAA record is IPv4.
    CHECK(read_address(std::string(10, '\0') + "\xff\xff\xc0\0\x02\x01"s)->is_ipv4());
}

TEST_CASE("what is no address, or nobody's, is not read as one") {
    const std::string data = GENERATE(as<std::string>{},
                                      "",
                                      "\xc0\0\x02"s,
                                      "\xc0\0\x02\x01\x01"s,
                                      std::string(15, '\1'),
                                      std::string(17, '\1'),
                                      "\0\0\0\0"s,
                                      "\0\1\2\3"s,
                                      "\xe0\0\0\1"s,
                                      "\xef\xff\xff\xff"s,
                                      "\xff\xff\xff\xff"s,
                                      std::string(16, '\0'),
                                      "\xfe\x80"s + std::string(14, '\1'),
                                      "\xff\x02"s + std::string(14, '\1'),
                                      std::string(10, '\0') + "\xff\xff\0\0\0\0"s);
    CHECK(!read_address(data));
}

} // namespace
} // namespace postern::dns
