#include "gateway/cidr.h"

#include <catch2/catch.hpp>

namespace postern::gateway {

TEST_CASE("addresses have one spelling") {
    struct Row {
        std::string_view text;
        std::string_view spelling;
        bool ipv4;
        bool loopback;
    };
    const Row row = GENERATE(Row{"192.0.2.1", "192.0.2.1", true, false},
                             Row{"127.8.9.1", "127.8.9.1", true, true},
                             Row{"::ffff:192.0.2.1", "192.0.2.1", true, false},
                             Row{"2001:DB8:0::1", "2001:db8::1", false, false},
                             Row{"::1", "::1", false, true},
                             Row{"::", "::", false, false});
    CAPTURE(row.text);
    const auto address = IpAddress::parse(row.text);
    REQUIRE(address);
    CHECK(address->text() == row.spelling);
    CHECK(address->is_ipv4() == row.ipv4);
    CHECK(address->is_loopback() == row.loopback);
    CHECK(IpAddress::parse(address->text()) == address);
}

TEST_CASE("what is not exactly an address is none") {
    const std::string_view text = GENERATE(as<std::string_view>{},
                                           "",
                                           "1.2.3",
                                           "1.2.3.256",
                                           "01.2.3.4",
                                           " 1.2.3.4",
                                           "1.2.3.4 ",
                                           "[::1]",
                                           "fe80::1%eth0",
                                           "example.org",
                                           ":::");
    CAPTURE(text);
    CHECK_FALSE(IpAddress::parse(text));
    CHECK_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST_CASE("an address is made of 4 or 16 bytes") {
    using namespace std::string_literals;
    CHECK(IpAddress::from("\xc0\0\2\1"s) == IpAddress::parse("192.0.2.1"));
    CHECK(IpAddress::from("\x20\1\x0d\xb8"s + std::string(11, '\0') + '\1') ==
          IpAddress::parse("2001:db8::1"));
    for (const std::size_t size : {0U, 3U, 5U, 15U, 17U}) {
        CHECK(!IpAddress::from(std::string(size, '\1')));
    }
}

TEST_CASE("an address with a port is read and written") {
    CHECK(IpEndpoint::parse("0.0.0.0:25")->text() == "0.0.0.0:25");
    CHECK(IpEndpoint::parse("[::]:25")->text() == "[::]:25");
    CHECK(IpEndpoint::parse("[2001:DB8::1]:0")->text() == "[2001:db8::1]:0");
    CHECK(IpEndpoint::parse("127.0.0.1:65535")->port == 65535);
    const std::string_view wrong = GENERATE(as<std::string_view>{},
                                            "",
                                            "25",
                                            ":25",
                                            "127.0.0.1",
                                            "127.0.0.1:",
                                            "127.0.0.1:65536",
                                            "127.0.0.1:-1",
                                            "127.0.0.1:25x",
                                            "::1:25",
                                            "[127.0.0.1]:25",
                                            "[::1]",
                                            "[]:25",
                                            "localhost:25");
    CAPTURE(wrong);
    CHECK_FALSE(IpEndpoint::parse(wrong));
}

TEST_CASE("a network contains its first and last address, and not their neighbours") {
    struct Row {
        std::string_view network;
        std::string_view first;
        std::string_view last;
        std::string_view before;
        std::string_view behind;
    };
    const Row row =
        GENERATE(Row{"10.0.0.0/8", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
                 Row{"192.0.2.64/27", "192.0.2.64", "192.0.2.95", "192.0.2.63", "192.0.2.96"},
                 Row{"192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.6", "192.0.2.8"},
                 Row{"192.0.2.7/32", "192.0.2.7", "::ffff:192.0.2.7", "192.0.2.6", "192.0.2.8"},
                 Row{"0.0.0.0/0", "0.0.0.0", "255.255.255.255", "::", "::1:0:0:0"},
                 Row{"2001:db8::/32",
                     "2001:db8::",
                     "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
                     "2001:db7:ffff::",
                     "2001:db9::"},
                 Row{"2001:db8::1/128", "2001:db8::1", "2001:db8::1", "2001:db8::", "2001:db8::2"},
                 Row{"::/0", "::", "ffff::", "0.0.0.0", "255.255.255.255"});
    CAPTURE(row.network);
    const auto network = Network::parse(row.network);
    REQUIRE(network);
    CHECK(network->contains(*IpAddress::parse(row.first)));
    CHECK(network->contains(*IpAddress::parse(row.last)));
    CHECK_FALSE(network->contains(*IpAddress::parse(row.before)));
    CHECK_FALSE(network->contains(*IpAddress::parse(row.behind)));
    CHECK(Network::parse(network->text()) == network);
}

TEST_CASE("what is wrong with a network is said") {
    struct Row {
        std::string_view text;
        std::string_view error;
    };
    const Row row = GENERATE(
        Row{"example.org",
            R"("example.org" is not a network; write "10.0.0.0/8" or "2001:db8::/32")"},
        Row{"10.0.0.0/33", R"("10.0.0.0/33" must have a number from 0 to 32 behind the slash)"},
        Row{"10.0.0.0/", R"("10.0.0.0/" must have a number from 0 to 32 behind the slash)"},
        Row{"::/129", R"("::/129" must have a number from 0 to 128 behind the slash)"},
        Row{"10.0.0.0/+8", R"("10.0.0.0/+8" must have a number from 0 to 32 behind the slash)"},
        Row{"10.1.2.3/8",
            R"("10.1.2.3/8" has bits set behind its prefix; did you mean "10.0.0.0/8"?)"},
        Row{"2001:db8::1/64",
            R"("2001:db8::1/64" has bits set behind its prefix; did you mean "2001:db8::/64"?)"});
    const auto network = Network::parse(row.text);
    REQUIRE_FALSE(network);
    CHECK(network.error() == row.error);
}

} // namespace postern::gateway
