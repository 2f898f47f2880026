#include "policy/address_list.h"
#include "policy/address_list_builder.h"

#include <catch2/catch.hpp>

#include <initializer_list>
#include <string>

using namespace postern::policy;

namespace {

AddressList list_of(std::initializer_list<std::string_view> entries) {
    static const std::string file = "list.txt";
    Mistakes mistakes;
    AddressListBuilder builder("list", mistakes);
    for (const std::string_view entry : entries)
        builder.add(entry, file, Place{});
    AddressList list = builder.finish();
    INFO(mistakes.text());
    REQUIRE(mistakes.empty());
    return list;
}

std::string match(const AddressList& list, std::string_view address) {
    const std::size_t at = address.rfind('@');
    const Address key = Address::of_mailbox(address.substr(0, at), address.substr(at + 1));
    return std::string(list.find(key).value_or("nothing"));
}

} // namespace

TEST_CASE("an address entry is that address, without regard to case") {
    const AddressList list = list_of({"CFO@Partner.example"});
    CHECK(match(list, "cfo@partner.example") == "cfo@partner.example");
    CHECK(match(list, "Cfo@PARTNER.example.") == "cfo@partner.example");
    CHECK(match(list, "\"cfo\"@partner.example") == "cfo@partner.example");
    CHECK(match(list, "xcfo@partner.example") == "nothing");
    CHECK(match(list, "cfo+x@partner.example") == "nothing");
    CHECK(match(list, "cfo@mail.partner.example") == "nothing");
    CHECK(match(list, "cfo@xpartner.example") == "nothing");
}

TEST_CASE("an address entry may begin as a wildcard does, and is an address all the same") {
    const AddressList list =
        list_of({".cfo@partner.example", "\"*.cfo\"@partner.example", "*.cfo.example"});
    CHECK(match(list, ".cfo@partner.example") == ".cfo@partner.example");
    CHECK(match(list, "*.cfo@partner.example") == "*.cfo@partner.example");
    CHECK(match(list, "cfo@partner.example") == "nothing");
    CHECK(match(list, "a@b.cfo.example") == "*.cfo.example");
    CHECK(match(list_of({"\"*.cfo\"@partner.example"}), ".cfo@partner.example") == "nothing");
}

TEST_CASE("a domain entry is exactly that domain") {
    const AddressList list = list_of({"example.com"});
    CHECK(match(list, "a@example.com") == "example.com");
    CHECK(match(list, "a@EXAMPLE.COM.") == "example.com");
    CHECK(match(list, "a@mail.example.com") == "nothing");
    CHECK(match(list, "a@evil-example.com") == "nothing");
    CHECK(match(list, "a@example.com.evil") == "nothing");
    CHECK(match(list, "a@com") == "nothing");
    CHECK(match(list, "\"a@example.com\"@evil.example") == "nothing");
}

TEST_CASE("a wildcard entry is every subdomain and not the domain itself") {
    const AddressList list = list_of({"*.example.com"});
    CHECK(match(list, "a@mail.example.com") == "*.example.com");
    CHECK(match(list, "a@deep.mail.Example.com") == "*.example.com");
    CHECK(match(list, "a@\xff.example.com") == "*.example.com");
    CHECK(match(list, "a@example.com") == "nothing");
    CHECK(match(list, "a@evil-example.com") == "nothing");
    CHECK(match(list, "a@.example.com") == "nothing");
    CHECK(match(list, "\"x.example.com\"@evil.example") == "nothing");
}

TEST_CASE("the nearest entry is told: address, domain, then the longest wildcard") {
    const AddressList list =
        list_of({"*.example", "*.bank.example", "mail.bank.example", "a@mail.bank.example"});
    CHECK(match(list, "a@mail.bank.example") == "a@mail.bank.example");
    CHECK(match(list, "b@mail.bank.example") == "mail.bank.example");
    CHECK(match(list, "b@x.bank.example") == "*.bank.example");
    CHECK(match(list, "b@bank.example") == "*.example");
    CHECK(match(list, "b@example") == "nothing");
}

TEST_CASE("international names match in either spelling") {
    const AddressList list =
        list_of({"bücher.example", "*.xn--bcher-kva.example", "Jürgen@a.example"});
    CHECK(match(list, "a@xn--bcher-kva.example") == "xn--bcher-kva.example");
    CHECK(match(list, "a@BÜCHER.example") == "xn--bcher-kva.example");
    CHECK(match(list, "a@mail.bücher.example") == "*.xn--bcher-kva.example");
    CHECK(match(list, "JÜRGEN@a.example") == "jürgen@a.example");
}

TEST_CASE("address literals are domains without parents") {
    const AddressList list = list_of({"[192.0.2.1]", "a@[IPv6:2001:db8::1]"});
    CHECK(match(list, "a@[192.0.2.1]") == "[192.0.2.1]");
    CHECK(match(list, "a@[192.0.2.2]") == "nothing");
    CHECK(match(list, "a@[IPv6:2001:DB8:0:0::1]") == "a@[ipv6:2001:db8::1]");
}

TEST_CASE("nobody is on no list") {
    const AddressList list = list_of({"example.com", "*.example.com", "a@example.com"});
    CHECK_FALSE(list.find(Address()));
    CHECK_FALSE(list.find(Address::of_mailbox("example.com", "")));
    CHECK_FALSE(list.find(Address::of_mailbox("postmaster", "")));
}

TEST_CASE("a name of any depth is matched by its wildcard") {
    const AddressList list = list_of({"*.example.com"});
    for (const std::size_t depth : {1UL, 2UL, 124UL, 125UL, 126UL, 127UL, 128UL, 300UL}) {
        std::string domain;
        for (std::size_t label = 0; label < depth; ++label)
            domain += "a.";
        CHECK(match(list, "x@" + domain + "example.com") == "*.example.com");
    }
}

TEST_CASE("lengths that differ by 64 are not taken for each other") {
    const std::string local(64, 'a');
    const AddressList list = list_of({"b@c.example"});
    CHECK(match(list, local + "b@c.example") == "nothing");
}

TEST_CASE("a list of many entries has each of them and nothing else") {
    static const std::string file = "list.txt";
    Mistakes mistakes;
    AddressListBuilder builder("list", mistakes);
    for (int number = 0; number < 20000; ++number) {
        const std::string name = std::to_string(number);
        builder.add("user" + name + "@example.com", file, Place{});
        builder.add("d" + name + ".example.org", file, Place{});
        builder.add("*.w" + name + ".example.net", file, Place{});
    }
    const AddressList list = builder.finish();
    REQUIRE(mistakes.empty());
    CHECK(list.size() == 60000);
    CHECK(list.bytes() > 60000 * 10);
    for (int number = 0; number < 20000; ++number) {
        const std::string name = std::to_string(number);
        REQUIRE(match(list, "user" + name + "@example.com") == "user" + name + "@example.com");
        REQUIRE(match(list, "x@d" + name + ".example.org") == "d" + name + ".example.org");
        REQUIRE(match(list, "x@y.w" + name + ".example.net") == "*.w" + name + ".example.net");
        REQUIRE(match(list, "x@w" + name + ".example.net") == "nothing");
        REQUIRE(match(list, "x" + name + "@example.com") == "nothing");
    }
}
