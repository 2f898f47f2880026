#include "policy/domain.h"

#include <catch2/catch.hpp>

#include <string>

using namespace postern::policy;

namespace {

std::string of_mailbox(std::string_view domain) {
    std::string out;
    append_domain_of_mailbox(domain, out);
    return out;
}

std::string label(std::size_t bytes) { return std::string(bytes, 'a'); }

} // namespace

TEST_CASE("a domain has one spelling, whatever its case, script or trailing dot") {
    const auto [written, canonical] = GENERATE(table<std::string, std::string>({
        {"example.com", "example.com"},
        {"EXAMPLE.Com.", "example.com"},
        {"a", "a"},
        {"_dmarc.Example.com", "_dmarc.example.com"},
        {"bücher.example", "xn--bcher-kva.example"},
        {"BÜCHER.example", "xn--bcher-kva.example"},
        {"xn--BCHER-kva.example", "xn--bcher-kva.example"},
        {"straße.example", "xn--strae-oqa.example"}, // IDNA2008: not "strasse"
        {"ＢＡＮＫ．example", "bank.example"},       // full-width letters and dot
        {"例え。テスト", "xn--r8jz45g.xn--zckzah"},  // ideographic dot
        {"ba\u00adnk.example", "bank.example"},      // a soft hyphen shows nothing
        {"[192.0.2.1]", "[192.0.2.1]"},
        {"[IPv6:2001:DB8:0::1]", "[ipv6:2001:db8::1]"},
    }));
    CHECK(canonical_domain(written).value_or("nothing") == canonical);
    CHECK(canonical_domain(canonical).value_or("nothing") == canonical);
    CHECK(of_mailbox(written) == canonical);
}

TEST_CASE("what is no domain is refused with its reason") {
    const auto [written, error] = GENERATE(table<std::string, AddressError>({
        {"", AddressError::empty},
        {".", AddressError::empty},
        {"..", AddressError::bad_domain},
        {".example.com", AddressError::bad_domain},
        {"a..b", AddressError::bad_domain},
        {"example.com..", AddressError::bad_domain},
        {"exa mple.com", AddressError::bad_domain},
        {"user@example.com", AddressError::bad_domain},
        {"*.example.com", AddressError::bad_domain},
        {"192.0.2.1", AddressError::bad_domain}, // an address without brackets
        {"[192.0.2.256]", AddressError::bad_domain},
        {"[192.0.2.1", AddressError::bad_domain},
        {"[2001:db8::1]", AddressError::bad_domain}, // without its tag
        {"[]", AddressError::bad_domain},
        {"b\xff\xfe.example", AddressError::bad_domain}, // not UTF-8
        {"℀.example", AddressError::bad_domain},         // maps to "a/c"
        {std::string("a\0b.example", 11), AddressError::bad_domain},
        {std::string("ü\0b.example", 12), AddressError::bad_domain},
    }));
    const auto domain = canonical_domain(written);
    REQUIRE_FALSE(domain);
    CHECK(domain.error() == error);
    CHECK_FALSE(text(error).empty());
}

TEST_CASE("a label has at most 63 bytes and a domain at most 253") {
    CHECK(canonical_domain(label(63) + ".example"));
    CHECK(canonical_domain(label(64) + ".example").error() == AddressError::domain_too_long);
    const std::string longest =
        label(63) + "." + label(63) + "." + label(63) + "." + label(61); // 253
    CHECK(canonical_domain(longest));
    CHECK(canonical_domain(longest + "."));
    CHECK(canonical_domain(longest + "a").error() == AddressError::domain_too_long);
    std::string wide;
    for (int count = 0; count < 70; ++count)
        wide += "ü";
    CHECK_FALSE(canonical_domain(wide + ".example"));
}

TEST_CASE("an error leaves what was there before") {
    std::string out = "user@";
    CHECK_FALSE(append_canonical_domain("a..b", out));
    CHECK_FALSE(append_canonical_domain("", out));
    CHECK_FALSE(append_canonical_domain("[1]", out));
    CHECK(out == "user@");
    CHECK(append_canonical_domain("B.example", out));
    CHECK(out == "user@b.example");
}

TEST_CASE("a domain in mail keeps its good labels, whatever stands left of them") {
    CHECK(of_mailbox("a..Bank.example") == "a..bank.example");
    CHECK(of_mailbox("\xff\xfe.BANK.example..") == "\xff\xfe.bank.example");
    CHECK(of_mailbox("☃\xff。ＢＡＮＫ．example") == "☃\xff.bank.example");
    CHECK(of_mailbox(label(64) + ".Bank.example") == label(64) + ".bank.example");
    CHECK(of_mailbox("x y.bank.example") == "x y.bank.example");
    CHECK(of_mailbox("a@b\n.bank.example") == "a\x7f"
                                              "b\x7f.bank.example");
    CHECK(of_mailbox("") == "");
    CHECK(of_mailbox("192.0.2.1") == "192.0.2.1");
}
