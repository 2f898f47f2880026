#include "gateway/command/explanation.h"
#include "policy/load.h"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace postern::command::test {
namespace {

using policy::Demand;
using policy::Direction;
using policy::TlsVersion;
using receive::Verdict;

constexpr std::string_view rules = R"(
[[organization]]
name = "group"
[[organization]]
name = "labs"
parent = "group"
domains = ["labs.example.org"]
[[address_list]]
name = "banks"
entries = ["*.bank.example"]
[[address_list]]
name = "watched"
entries = ["a@x.bank.example"]
[[tls_compliance]]
name = "banks \"over\" TLS"
description = "contract 17"
organization = "group"
directions = ["inbound", "outbound"]
address_lists = ["banks"]
require_trusted_certificate = true
[[tls_compliance]]
name = "on trial"
organization = "group"
directions = ["inbound"]
address_lists = ["watched"]
minimum_tls_version = "1.0"
mode = "report"
[[route]]
name = "servers"
domains = ["labs.example.org"]
hosts = ["127.0.0.1:25"]
)";

std::shared_ptr<const policy::Snapshot> loaded() {
    policy::Loaded loaded = policy::load_text(std::string{rules});
    INFO(loaded.mistakes.text());
    REQUIRE(loaded.snapshot);
    return std::move(loaded.snapshot);
}

policy::Address address(std::string_view text) { return policy::Address::parse(text).value(); }

// Without any match: only its own fields speak.
Explanation plain(const policy::Snapshot& policy, Direction direction) {
    Explanation made;
    made.question.to = address("user@labs.example.org");
    made.question.direction = direction;
    made.settings = &policy.inbound_settings_of_all();
    return made;
}

} // namespace

TEST_CASE("people read a line for each part of an explanation") {
    const auto policy = loaded();
    const Explanation made =
        explanation_of(*policy,
                       {.from = {address("a@x.bank.example"), address("b@other.example")},
                        .to = address("user@labs.example.org")});
    CHECK(text(made) ==
          "direction     inbound\n"
          "from          a@x.bank.example, b@other.example\n"
          "to            user@labs.example.org\n"
          "tls           none, in clear\n"
          "organization  labs, below group\n"
          "route         servers\n"
          "settings      \"banks \"over\" TLS\", \"on trial\" (report)\n"
          "matches       \"banks \"over\" TLS\" (contract 17) by *.bank.example of list "
          "\"banks\": tls, TLS 1.2 or later\n"
          "only reports  \"on trial\" by a@x.bank.example of list \"watched\": tls, TLS 1.0 or "
          "later\n"
          "demand        tls, TLS 1.2 or later\n"
          "verdict       refused\n"
          "reply         550 5.7.10 TLS required: mail from x.bank.example is accepted over TLS "
          "only (banks \"over\" TLS)\n");
}

TEST_CASE("programs read one JSON object in one line") {
    const auto policy = loaded();
    const Explanation made = explanation_of(
        *policy, {.from = {address("a@x.bank.example")}, .to = address("user@labs.example.org")});
    CHECK(json(made) ==
          R"({"direction":"inbound","from":"a@x.bank.example","to":"user@labs.example.org",)"
          R"("tls_version":"none","organization":"labs","route":"servers",)"
          R"("matches":[{"setting":"banks \"over\" TLS","list":"banks",)"
          R"("entry":"*.bank.example","demand":"tls","minimum_tls_version":"1.2"}],)"
          R"("reported":[{"setting":"on trial","list":"watched","entry":"a@x.bank.example",)"
          R"("demand":"tls","minimum_tls_version":"1.0"}],)"
          R"("demand":"tls","minimum_tls_version":"1.2","verdict":"refused",)"
          R"("reply":"550 5.7.10 TLS required: mail from x.bank.example is accepted over TLS )"
          R"=(only (banks \"over\" TLS)"})="
          "\n");
}

TEST_CASE("outbound, a match is told with what it demands of the host's certificate") {
    const auto policy = loaded();
    const Explanation made = explanation_of(*policy,
                                            {.from = {address("me@labs.example.org")},
                                             .to = address("a@x.bank.example"),
                                             .direction = Direction::outbound,
                                             .tls = TlsVersion::tls_1_1});
    CHECK_THAT(text(made),
               Catch::Contains("\ntls           1.1\n") &&
                   Catch::Contains("of list \"banks\": tls-trusted-host, TLS 1.2 or later\n") &&
                   Catch::Contains("\nverdict       refused: returned to the sender, 5.7.10 "
                                   "validation-failure\n"));
    CHECK_THAT(json(made),
               Catch::Contains(R"("demand":"tls-trusted-host","minimum_tls_version":"1.2"}],)"
                               R"("reported":[],"demand":"tls-trusted-host")") &&
                   Catch::EndsWith(R"("cause":"5.7.10 validation-failure"})"
                                   "\n"));
}

TEST_CASE("what is not there is called none in text, and left out of the JSON") {
    const auto policy = loaded();
    const Explanation made =
        explanation_of(*policy, {.from = {}, .to = address("b@other.example")});
    CHECK(text(made) == "direction     inbound\n"
                        "from          <>\n"
                        "to            b@other.example\n"
                        "tls           none, in clear\n"
                        "organization  none: only settings for everybody apply\n"
                        "route         none\n"
                        "settings      none\n"
                        "demand        none\n"
                        "verdict       refused\n"
                        "early reply   550 5.7.1 Relaying denied: no mail for other.example is "
                        "taken here\n");
    CHECK(json(made) ==
          R"({"direction":"inbound","from":"<>","to":"b@other.example","tls_version":"none",)"
          R"("matches":[],"reported":[],"demand":"none","minimum_tls_version":"none",)"
          R"("verdict":"refused",)"
          R"("early_reply":"550 5.7.1 Relaying denied: no mail for other.example is taken here"})"
          "\n");
}

TEST_CASE("a verdict says what becomes of the mail") {
    struct Row {
        Direction direction;
        Verdict verdict;
        Demand demand;
        std::string_view line;
    };
    using enum Verdict;
    const auto in = Direction::inbound;
    const auto out = Direction::outbound;
    const auto row = GENERATE_COPY(
        Row{in, accepted, Demand::tls, "accepted\nreply         that of the next hop\n"},
        Row{in, refused, Demand::tls, "refused\n"},
        Row{in, deferred, Demand::tls, "deferred\n"},
        Row{out,
            accepted,
            Demand::none,
            "accepted: delivered, whatever certificate the host has\n"},
        Row{out, accepted, Demand::tls, "accepted: delivered, whatever certificate the host has\n"},
        Row{out,
            accepted,
            Demand::tls_trusted,
            "accepted: delivered to a host with a trusted certificate\n"},
        Row{out,
            accepted,
            Demand::tls_trusted_host,
            "accepted: delivered to a host with a trusted certificate for its name\n"},
        Row{out, refused, Demand::tls, "refused: returned to the sender, 5.7.10 why\n"},
        Row{out, deferred, Demand::tls, "deferred: kept for another try in TLS, 5.7.10 why\n"});
    const auto policy = loaded();
    Explanation made = plain(*policy, row.direction);
    made.verdict = row.verdict;
    made.required.demand = row.demand;
    made.cause = "5.7.10 why";
    CHECK_THAT(text(made), Catch::EndsWith("\nverdict       " + std::string{row.line}));
}

TEST_CASE("a floor without a demand is not told, for it asks for nothing") {
    const auto policy = loaded();
    Explanation made = plain(*policy, Direction::inbound);
    made.required.floor = TlsVersion::tls_1_3;
    CHECK_THAT(text(made), Catch::Contains("\ndemand        none\n"));
}

TEST_CASE("quotes and other scripts in an address do not break the JSON") {
    const auto policy = loaded();
    Explanation made = plain(*policy, Direction::inbound);
    made.question.from = {address("\"a\\\"},{\"@other.example"), address("\xc3\xa9@x.example")};
    CHECK_THAT(json(made),
               Catch::Contains(R"("from":"a\"},{@other.example, )"
                               "\xc3\xa9@x.example\","));
}

} // namespace postern::command::test
