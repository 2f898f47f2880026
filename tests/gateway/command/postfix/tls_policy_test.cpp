#include "gateway/command/postfix/tls_policy.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <utility>

#include "tests/gateway/command/postfix/read_value.h"

namespace postern::command::postfix::test {
namespace {

using policy::Demand;
using policy::Required;
using policy::TlsVersion;

constexpr Required none{};
constexpr Required encrypted{.demand = Demand::tls, .floor = TlsVersion::tls_1_2};
constexpr Required encrypted_1_3{.demand = Demand::tls, .floor = TlsVersion::tls_1_3};
constexpr Required named{.demand = Demand::tls_trusted_host, .floor = TlsVersion::tls_1_2};

Read read(std::string_view value) { return read_value(read_tls_policy, value); }

} // namespace

TEST_CASE("each level of Postfix is the demand of ours that means it, or its difference is told") {
    struct Row {
        std::string_view value;
        std::string_view word;
        Required required;
        std::string_view mistake; // its beginning behind "t:1:11: "
    };
    const auto row = GENERATE(Row{"none", "none", none, "warning: none: TLS is used here too"},
                              Row{"may", "may", none, ""},
                              Row{"encrypt", "encrypt", encrypted, ""},
                              Row{"Encrypt", "encrypt", encrypted, ""},
                              Row{"encrypt,ciphers=high", "encrypt", encrypted, ""},
                              Row{"dane", "dane", none, "dane: TLSA records are not looked up"},
                              Row{"dane-only", "dane-only", encrypted, "dane-only: TLSA records"},
                              Row{"fingerprint match=3D:95 match=EC:3B",
                                  "fingerprint",
                                  encrypted,
                                  "fingerprint: fingerprints have no equivalent"},
                              Row{"verify", "verify", named, ""},
                              Row{"verify match=hostname", "verify", named, ""},
                              Row{"secure match=hostname", "secure", named, ""},
                              Row{"secure",
                                  "secure",
                                  named,
                                  "what counts in the certificate is "
                                  "the host's name as DNS gives it"});
    CAPTURE(row.value);
    const auto [treatment, mistakes] = read(row.value);
    REQUIRE(treatment);
    CHECK(treatment->word == row.word);
    CHECK(treatment->required == row.required);
    if (row.mistake.empty())
        CHECK(mistakes.empty());
    else
        CHECK_THAT(mistakes, Catch::StartsWith("t:1:11: " + std::string(row.mistake)));
}

TEST_CASE("names in match= other than the host's own are told to be none here") {
    const std::string_view only = "t:1:11: only the host's own name counts";
    const std::string_view dns = "t:1:11: what counts in the certificate is the host's name";
    const auto row = GENERATE_COPY(
        std::pair<std::string_view, std::string_view>{"verify match=hostname:nexthop", only},
        std::pair<std::string_view, std::string_view>{"verify match=nexthop match=Hostname", only},
        std::pair<std::string_view, std::string_view>{"verify match=nexthop", dns},
        std::pair<std::string_view, std::string_view>{"secure match=nexthop:dot-nexthop", dns},
        std::pair<std::string_view, std::string_view>{"secure match=.example.net", dns});
    CAPTURE(row.first);
    const auto [treatment, mistakes] = read(row.first);
    REQUIRE(treatment);
    CHECK(treatment->required == named);
    CHECK_THAT(mistakes, Catch::StartsWith(std::string(row.second)));
}

TEST_CASE("an attribute that cannot be asked for is told at its own place") {
    struct Row {
        std::string_view value;
        std::string_view mistake; // its beginning behind "t:1:19: "
    };
    const auto row =
        GENERATE(Row{"encrypt ciphers=export", "warning: no effect: only ciphers"},
                 Row{"encrypt exclude=3DES", "warning: no effect: which ciphers"},
                 Row{"encrypt servername=x", "warning: no effect: the name sent"},
                 Row{"encrypt connection_reuse=yes", "warning: no effect here"},
                 Row{"encrypt tafile=/x", "trust anchors of one destination"},
                 Row{"encrypt match", ""},
                 Row{"encrypt cipher=x", "\"cipher=x\" is no attribute"},
                 Row{"encrypt =", "\"=\" is no attribute"},
                 Row{"encrypt protocols=>=TLSv1.1", "warning: versions before TLS 1.2"},
                 Row{"encrypt protocols=<=TLSv1.2", "warning: versions before TLS 1.2"},
                 Row{"encrypt protocols=TLSv1.2", "there is no highest version"},
                 Row{"encrypt protocols=SSLv3", "\"SSLv3\" names no TLS versions"},
                 Row{"encrypt protocols=x", "\"x\" names no TLS versions"});
    CAPTURE(row.value);
    const auto [treatment, mistakes] = read(row.value);
    REQUIRE(treatment);
    CHECK(treatment->required == encrypted);
    if (row.mistake.empty())
        CHECK(mistakes.empty());
    else
        CHECK_THAT(mistakes, Catch::StartsWith("t:1:19: " + std::string(row.mistake)));
}

TEST_CASE("protocols= is a floor where TLS is demanded, and nothing where it is not") {
    CHECK(read("encrypt protocols=>=TLSv1.3").treatment->required == encrypted_1_3);
    CHECK(read("encrypt protocols=>=TLSv1.3").mistakes.empty());
    CHECK(read("encrypt protocols=>=TLSv1.2").treatment->required == encrypted);
    CHECK(read("encrypt protocols=>=TLSv1.2").mistakes.empty());
    CHECK(read("may protocols=>=TLSv1.3").treatment->required == none);
    CHECK_THAT(read("may protocols=>=TLSv1.3").mistakes,
               Catch::StartsWith("t:1:15: warning: no effect: versions"));
}

TEST_CASE("protocols are read in each way that Postfix has to write them") {
    struct Row {
        std::string_view value;
        TlsVersion lowest;
        TlsVersion highest;
    };
    const auto oldest = TlsVersion::tls_1_0;
    const auto newest = TlsVersion::tls_1_3;
    const auto row =
        GENERATE_COPY(Row{"", oldest, newest},
                      Row{">=TLSv1", oldest, newest},
                      Row{">=TLSv1.2", TlsVersion::tls_1_2, newest},
                      Row{">=tlsv1.2:<=TLSv1.3", TlsVersion::tls_1_2, newest},
                      Row{">=0303", TlsVersion::tls_1_2, newest},
                      Row{">=0x0304", newest, newest},
                      Row{"<=TLSv1.1", oldest, TlsVersion::tls_1_1},
                      Row{"<=305", oldest, newest},
                      Row{"!SSLv2:!SSLv3", oldest, newest},
                      Row{"!SSLv2:!SSLv3:!TLSv1:!TLSv1.1", TlsVersion::tls_1_2, newest},
                      Row{"TLSv1.2:TLSv1.3", TlsVersion::tls_1_2, newest},
                      Row{"TLSv1.1:TLSv1", oldest, TlsVersion::tls_1_1});
    CAPTURE(row.value);
    const auto protocols = read_protocols(row.value);
    REQUIRE(protocols);
    CHECK(protocols->lowest == row.lowest);
    CHECK(protocols->highest == row.highest);
}

TEST_CASE("protocols that are none, or that leave none of TLS, are refused") {
    const auto value = GENERATE("TLS1.2",
                                ">=",
                                ">=0x",
                                ">=TLSv1.2x",
                                ">=ffffffffff",
                                ">=0305",
                                "<=SSLv3",
                                "SSLv3",
                                "!TLSv1:!TLSv1.1:!TLSv1.2:!TLSv1.3",
                                "TLSv1.2:!TLSv1.2",
                                ">=TLSv1.3:<=TLSv1.2",
                                "!",
                                "0303");
    CAPTURE(value);
    CHECK_FALSE(read_protocols(value));
}

TEST_CASE("what is no level is no treatment") {
    for (const std::string_view value : {"REJECT", "encryption", "550", ","}) {
        const auto [treatment, mistakes] = read(value);
        CHECK_FALSE(treatment);
        CHECK_THAT(mistakes, Catch::Contains("is no TLS level"));
    }
}

} // namespace postern::command::postfix::test
