#include "policy/address.h"

#include <catch2/catch.hpp>

#include <string>

using namespace postern::policy;

TEST_CASE("an address has one spelling") {
    const auto [written, canonical] = GENERATE(table<std::string, std::string>({
        {"user@example.com", "user@example.com"},
        {"User.Name+Tag@EXAMPLE.com.", "user.name+tag@example.com"},
        {"\"john.doe\"@example.com", "john.doe@example.com"}, // quotes that were not needed
        {"\"John Doe\"@example.com", "john doe@example.com"},
        {R"("a\"b\\c"@example.com)", R"(a"b\c@example.com)"},
        {"\"a@b\"@example.com", "a@b@example.com"},
        {"MÜLLER@bücher.example", "müller@xn--bcher-kva.example"},
        {"o'brien=x@example.com", "o'brien=x@example.com"},
        {"user@[192.0.2.1]", "user@[192.0.2.1]"},
    }));
    const auto address = Address::parse(written);
    REQUIRE(address);
    CHECK(address->text() == canonical);
    CHECK(address->domain() == canonical.substr(canonical.rfind('@') + 1));
    CHECK(address->local() == canonical.substr(0, canonical.rfind('@')));
    CHECK_FALSE(address->empty());

    const std::size_t at = written.rfind('@');
    CHECK(Address::of_mailbox(written.substr(0, at), written.substr(at + 1)) == *address);
}

TEST_CASE("what is no address is refused with its reason") {
    const auto [written, error] = GENERATE(table<std::string, AddressError>({
        {"", AddressError::empty},
        {"user", AddressError::no_at},
        {"user@", AddressError::bad_domain},
        {"@example.com", AddressError::bad_local_part},
        {"\"\"@example.com", AddressError::bad_local_part},
        {"\"open@example.com", AddressError::bad_local_part},
        {"\"a\"b\"@example.com", AddressError::bad_local_part},
        {"\"a\\\"@example.com", AddressError::bad_local_part},
        {"a b@example.com", AddressError::bad_local_part},
        {"a@b@example.com", AddressError::bad_local_part},
        {"<user@example.com", AddressError::bad_local_part},
        {"us\x01r@example.com", AddressError::bad_local_part},
        {"us\xffr@example.com", AddressError::bad_local_part},
        {"user@a..b", AddressError::bad_domain},
        {"user@[192.0.2]", AddressError::bad_domain},
        {"user@" + std::string(64, 'a'), AddressError::domain_too_long},
    }));
    const auto address = Address::parse(written);
    REQUIRE_FALSE(address);
    CHECK(address.error() == error);
}

TEST_CASE("a local part has at most 255 bytes in a file, any number in mail") {
    CHECK(Address::parse(std::string(255, 'u') + "@example.com"));
    CHECK_FALSE(Address::parse(std::string(256, 'u') + "@example.com"));
    CHECK(Address::of_mailbox(std::string(1000, 'U'), "Bank.example").domain() == "bank.example");
}

TEST_CASE("a mailbox of a message never fails") {
    CHECK(Address::of_mailbox("", "").empty());
    CHECK(Address::of_mailbox("", "").domain().empty());
    CHECK(Address().empty());
    CHECK(Address::of_mailbox("postmaster", "").domain().empty());
    CHECK_FALSE(Address::of_mailbox("postmaster", "").empty());
    CHECK(Address::of_mailbox("", "bank.example").domain() == "bank.example");
    CHECK(Address::of_mailbox("\"open", "bank.example").text() == "\"open@bank.example");
    CHECK(Address::of_mailbox("a\nb", "bank.example").local() == "a\x7f"
                                                                 "b");
}

TEST_CASE("an error leaves the text that was there before") {
    std::string out = "*";
    CHECK_FALSE(append_canonical_address("user@a..b", out));
    CHECK_FALSE(append_canonical_address("user", out));
    CHECK(out == "*");
}
