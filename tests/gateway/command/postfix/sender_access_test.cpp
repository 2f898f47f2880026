#include "gateway/command/postfix/sender_access.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "tests/gateway/command/postfix/read_value.h"

namespace postern::command::postfix::test {
namespace {

Read read(std::string_view value) { return read_value(read_sender_access, value); }

} // namespace

TEST_CASE("reject_plaintext_session demands TLS; what else its entry has is told") {
    struct Row {
        std::string_view value;
        std::string_view mistakes; // contained
    };
    const auto row = GENERATE(
        Row{"reject_plaintext_session", ""},
        Row{"Reject_Plaintext_Session", ""},
        Row{"reject_plaintext_session, permit", ""},
        Row{"reject_plaintext_session DUNNO", ""},
        Row{"reject_plaintext_session reject_unverified_sender", "t:1:36: what stands behind"},
        Row{"permit_mynetworks,reject_plaintext_session", "t:1:11: what stands before"});
    CAPTURE(row.value);
    const auto [treatment, mistakes] = read(row.value);
    REQUIRE(treatment);
    CHECK(treatment->word == "reject_plaintext_session");
    CHECK(treatment->required ==
          policy::Required{.demand = policy::Demand::tls, .floor = policy::TlsVersion::tls_1_2});
    CHECK(mistakes.empty() == row.mistakes.empty());
    CHECK_THAT(mistakes, Catch::Contains(std::string(row.mistakes)));
}

TEST_CASE("what lets a sender pass demands nothing") {
    for (const std::string_view value : {"OK", "ok", "DUNNO", "permit", "1", "200", "1234567890"}) {
        CAPTURE(value);
        const auto [treatment, mistakes] = read(value);
        REQUIRE(treatment);
        CHECK(treatment->required == policy::Required{});
        CHECK(mistakes.empty());
    }
}

TEST_CASE("other actions are left out, whatever text they have") {
    for (const std::string_view value : {"REJECT",
                                         "REJECT reject_plaintext_session",
                                         "550 reject_plaintext_session",
                                         "450",
                                         "HOLD",
                                         "PREPEND X: y",
                                         "a_restriction_class",
                                         "reject_unverified_sender",
                                         ","}) {
        CAPTURE(value);
        const auto [treatment, mistakes] = read(value);
        CHECK_FALSE(treatment);
        CHECK_THAT(mistakes, Catch::StartsWith("t:1:11: \"") && Catch::Contains("is left out"));
    }
}

TEST_CASE("actions are known from levels") {
    for (const std::string_view word : {"OK",
                                        "dunno",
                                        "reject_plaintext_session,permit",
                                        "REJECT",
                                        "550",
                                        "permit_mynetworks",
                                        "check_sender_access"})
        CHECK(is_access_action(word));
    for (const std::string_view word : {"may", "encrypt", "none", "x", "", "secure,match=x"})
        CHECK_FALSE(is_access_action(word));
}

} // namespace postern::command::postfix::test
