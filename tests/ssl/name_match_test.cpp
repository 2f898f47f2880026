#include "ssl/name_match.h"

#include <catch2/catch.hpp>

namespace postern::ssl {

using namespace std::string_view_literals;

TEST_CASE("which names stand for which hosts", "[ssl]") {
    struct Row {
        std::string_view pattern;
        std::string_view host;
        bool matches;
    };
    const auto row = GENERATE(values<Row>({
        {"mx.example.org", "mx.example.org", true},
        {"MX.Example.org", "mx.eXample.ORG", true},
        {"mx.example.org", "mx.example.org.", true},
        {"mx.example.org.", "mx.example.org", true},
        {"mx.example.org", "mx.example.net", false},
        {"mx.example.org", "amx.example.org", false},
        {"mx.example.org", "", false},
        {"", "", false},
        {"mx.example.org\0.evil.example"sv, "mx.example.org", false},
        {"*.example.org", "mx.example.org", true},
        {"*.Example.org", "MX.example.ORG.", true},
        {"*.example.org", "example.org", false},
        {"*.example.org", ".example.org", false},
        {"*.example.org", "a.mx.example.org", false},
        {"*.org", "example.org", false},
        {"*.", "org", false},
        {"*", "org", false},
        {"m*.example.org", "mx.example.org", false},
        {"*x.example.org", "mx.example.org", false},
        {"mx.*.org", "mx.example.org", false},
        {"*.*.org", "mx.example.org", false},
        {"*.example.org", "*.example.org", true},
    }));
    CAPTURE(row.pattern, row.host);
    CHECK(dns_name_matches(row.pattern, row.host) == row.matches);
}

TEST_CASE("a host name as long as there can be is compared, a longer one is not", "[ssl]") {
    const std::string longest = std::string(249, 'a') + ".org";
    CHECK(dns_name_matches(longest, longest));
    CHECK_FALSE(dns_name_matches("a" + longest, "a" + longest));
}

TEST_CASE("an address is found among addresses only, a name among names only", "[ssl]") {
    CertificateFacts facts;
    facts.names = {"mx.example.org", "192.0.2.7"};
    facts.common_name = "cn.example.org";
    facts.addresses = {std::string("\xc0\x00\x02\x01", 4),
                       std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16)};
    struct Row {
        std::string_view host;
        bool matches;
    };
    const auto row = GENERATE(values<Row>({{"mx.example.org", true},
                                           {"cn.example.org", false},
                                           {"192.0.2.1", true},
                                           {"[192.0.2.1]", true},
                                           {"192.0.2.2", false},
                                           {"192.0.2.7", false},
                                           {"2001:db8::1", true},
                                           {"[2001:DB8:0::1]", true},
                                           {"2001:db8::2", false},
                                           {"", false}}));
    CAPTURE(row.host);
    CHECK(name_matches(facts, row.host) == row.matches);
}

TEST_CASE("what is an address literal", "[ssl]") {
    CHECK(is_address_literal("192.0.2.1"));
    CHECK(is_address_literal("[2001:db8::1]"));
    CHECK_FALSE(is_address_literal("mx.example.org"));
    CHECK_FALSE(is_address_literal("[]"));
    CHECK_FALSE(is_address_literal(std::string(100, '1')));
}

} // namespace postern::ssl
