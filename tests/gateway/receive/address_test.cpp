#include "gateway/receive/address.h"

#include "tests/gateway/receive/core.h"

namespace postern::receive::test {
namespace {

smtp::Path path(std::string_view text) {
    return smtp::read_path(text, smtp::PathKind::forward, smtp::Utf8::allowed).value().path;
}

std::string postmaster(std::string_view policy, std::string_view hostname) {
    smtp::Path made = path("<postmaster>");
    const auto configured = configuration(policy);
    return complete_postmaster(made, *configured->policy, hostname) ? std::string{made.address()}
                                                                    : "";
}

} // namespace

TEST_CASE("the policy sees an address of the envelope in its one spelling") {
    CHECK(address_of(path("<User@EXAMPLE.org>")).text() == "user@example.org");
    CHECK(address_of(path("<\"a b\"@example.org>")).text() == "a b@example.org");
    CHECK(address_of(path("<postmaster>")).domain().empty());
    CHECK(address_of({}).empty());
}

TEST_CASE("a postmaster is that of our host name where it is ours, else of our first domain") {
    constexpr std::string_view nobody =
        "[[route]]\nname = \"servers\"\ndomains = [\"*\"]\nhosts = [\"127.0.0.1:25\"]\n";
    CHECK(postmaster(rules, "shop.example") == "postmaster@shop.example");
    CHECK(postmaster(rules, "gateway.example") == "postmaster@example.org");
    CHECK(postmaster(nobody, "gateway.example").empty());
}

} // namespace postern::receive::test
