#include "gateway/smtp/proxy.h"

#include <catch2/catch.hpp>

#include <string>

using namespace std::string_literals;
using postern::smtp::append_proxy_header;
using postern::smtp::ProxyEndpoint;
using postern::smtp::ProxyState;
using postern::smtp::read_proxy_header;

namespace {

std::string v2(char version_and_command, char family, const std::string& body) {
    std::string header = "\r\n\r\n\0\r\nQUIT\n"s;
    header += version_and_command;
    header += family;
    header += static_cast<char>(body.size() >> 8U);
    header += static_cast<char>(body.size() & 0xFFU);
    return header + body;
}

const std::string ipv4_body = "\xC0\x00\x02\x01\xC6\x33\x64\x02\x30\x39\x00\x19"s;

} // namespace

TEST_CASE("version 1 says who the client is") {
    const auto header = read_proxy_header("PROXY TCP4 192.0.2.1 198.51.100.2 12345 25\r\nEHLO");
    CHECK(header.state == ProxyState::proxied);
    CHECK(header.source == ProxyEndpoint{"192.0.2.1", 12345});
    CHECK(header.destination == ProxyEndpoint{"198.51.100.2", 25});
    CHECK(header.consumed == 44);
    const auto six = read_proxy_header("PROXY TCP6 2001:DB8:0:0::1 ::1 1 65535\r\n");
    CHECK(six.source == ProxyEndpoint{"2001:db8::1", 1});
    CHECK(six.destination == ProxyEndpoint{"::1", 65535});
    CHECK(read_proxy_header("PROXY UNKNOWN\r\n").state == ProxyState::local);
    CHECK(read_proxy_header("PROXY UNKNOWN x y z\r\n").consumed == 21);
}

TEST_CASE("version 1 that says nothing sensible is an error") {
    for (const std::string& text : {"EHLO x\r\n"s,
                                    "PROXY\r\n"s,
                                    "proxy TCP4 "s,
                                    "PROXY TCP5 a b 1 2\r\n"s,
                                    "PROXY TCP4 192.0.2.1\r\n"s,
                                    "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"s,
                                    "PROXY TCP4 ::1 ::1 1 2\r\n"s,
                                    "PROXY TCP6 192.0.2.1 192.0.2.1 1 2\r\n"s,
                                    "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n"s,
                                    "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n"s,
                                    "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n"s,
                                    "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"s,
                                    "PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n"s,
                                    "PROXY \n"s,
                                    "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n"s}) {
        CAPTURE(text);
        CHECK(read_proxy_header(text).state == ProxyState::error);
    }
    const std::string endless = "PROXY UNKNOWN " + std::string(200, 'x');
    CHECK(read_proxy_header(endless.substr(0, 106)).state == ProxyState::need_more);
    CHECK(read_proxy_header(endless.substr(0, 107)).state == ProxyState::error);
}

TEST_CASE("version 2 says who the client is, extensions are skipped") {
    const auto header =
        read_proxy_header(v2('\x21', '\x11', ipv4_body + "\x04\x00\x01x"s) + "EHLO");
    CHECK(header.state == ProxyState::proxied);
    CHECK(header.source == ProxyEndpoint{"192.0.2.1", 12345});
    CHECK(header.destination == ProxyEndpoint{"198.51.100.2", 25});
    CHECK(header.consumed == 32);
    const std::string ipv6_body = "\x20\x01\x0D\xB8"s + std::string(11, '\0') + "\x01"s +
                                  std::string(15, '\0') + "\x01"s + "\x00\x01\x00\x02"s;
    const auto six = read_proxy_header(v2('\x21', '\x21', ipv6_body));
    CHECK(six.source == ProxyEndpoint{"2001:db8::1", 1});
    CHECK(six.destination == ProxyEndpoint{"::1", 2});
    CHECK(read_proxy_header(v2('\x20', '\x00', "")).state == ProxyState::local);
    CHECK(read_proxy_header(v2('\x20', '\x11', ipv4_body)).state == ProxyState::local);
    CHECK(read_proxy_header(v2('\x21', '\x31', std::string(216, 'x'))).state == ProxyState::local);
}

TEST_CASE("version 2 that says nothing sensible is an error") {
    CHECK(read_proxy_header(v2('\x11', '\x11', ipv4_body)).state == ProxyState::error);
    CHECK(read_proxy_header(v2('\x22', '\x11', ipv4_body)).state == ProxyState::error);
    CHECK(read_proxy_header(v2('\x21', '\x11', ipv4_body.substr(1))).state == ProxyState::error);
    CHECK(read_proxy_header(v2('\x21', '\x00', std::string(2032, 'x'))).state == ProxyState::local);
    CHECK(read_proxy_header(v2('\x21', '\x00', std::string(2033, 'x'))).state == ProxyState::error);
}

TEST_CASE("a header that is cut is waited for") {
    for (const std::string& whole :
         {"PROXY TCP4 192.0.2.1 198.51.100.2 12345 25\r\n"s, v2('\x21', '\x11', ipv4_body)}) {
        for (std::size_t length = 0; length < whole.size(); ++length)
            CHECK(read_proxy_header(whole.substr(0, length)).state == ProxyState::need_more);
        CHECK(read_proxy_header(whole).state == ProxyState::proxied);
    }
}

TEST_CASE("what is written is read back") {
    const auto written = [](const ProxyEndpoint& source, const ProxyEndpoint& destination) {
        std::string out;
        append_proxy_header(out, source, destination);
        return out;
    };
    CHECK(written({"192.0.2.1", 1}, {"192.0.2.2", 25}) ==
          "PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n");
    CHECK(written({"2001:db8::1", 1}, {"::1", 25}) == "PROXY TCP6 2001:db8::1 ::1 1 25\r\n");
    CHECK(written({"192.0.2.1", 1}, {"::1", 25}) == "PROXY UNKNOWN\r\n");
    CHECK(written({"", 0}, {"", 0}) == "PROXY UNKNOWN\r\n");
}
