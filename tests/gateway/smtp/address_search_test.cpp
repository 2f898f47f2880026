#include "gateway/smtp/address_search.h"

#include <catch2/catch.hpp>

#include <string>

using postern::smtp::AddressSearch;
using postern::smtp::Mailboxes;

namespace {

std::string search(std::string_view text) {
    Mailboxes found;
    AddressSearch(found).search(text);
    std::string all;
    for (const auto& mailbox : found.all)
        all += std::string(mailbox.text()) + " ";
    return all;
}

} // namespace

TEST_CASE("whatever stands around an @ is found, with and without what is next to it") {
    CHECK(search("see a@x.example!") == "a@x.example ");
    CHECK(search("b . a@x.example . net") ==
          "a@x.example a@x.example.net b.a@x.example b.a@x.example.net ");
    CHECK(search("\"b c\"@x.example") == "b c@x.example ");
    CHECK(search("\"b \\\" c\"@x.example") == "b \" c@x.example ");
    CHECK(search("c\"@x.example") == "c@x.example ");
    CHECK(search("\"\"@x.example") == "");
    CHECK(search("a(b(c))@(d)x.example") == "a@x.example ");
    CHECK(search("a@(x.example") == "a@x.example ");
    CHECK(search("a)@x.example") == "");
    CHECK(search("a@[192.0.2.1]") == "a@[192.0.2.1] ");
    CHECK(search("a@[192.0.2.1") == "");
    CHECK(search("a@x.example, a@x.example") == "a@x.example ");
    CHECK(search("@x @ a@") == "x@a ");
    CHECK(search("none") == "");
}

TEST_CASE("the search is bounded on both sides of an @") {
    const std::string far(2000, 'a');
    Mailboxes found;
    AddressSearch(found).search(far + "@" + far);
    REQUIRE(found.all.size() == 1);
    CHECK(found.all[0].local().size() == 1000);
    CHECK(found.all[0].domain().size() == 1000);
}

TEST_CASE("a thousand signs of all fields together are looked at") {
    Mailboxes found;
    AddressSearch search(found);
    for (int i = 0; i < 1000; ++i)
        search.search("<a@x.example> junk");
    CHECK_FALSE(found.too_many);
    CHECK(found.all.size() == 1);
    search.search("<a@x.example> junk");
    CHECK(found.too_many);
}
