#include "gateway/receive/admission.h"
#include "policy/load.h"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/gateway/directory.h"

namespace postern::receive::test {
namespace {

using policy::Demand;
using policy::TlsVersion;

constexpr std::string_view rules = R"(
[[route]]
name = "servers"
domains = ["*"]
hosts = ["127.0.0.1:25"]
[[organization]]
name = "example"
domains = ["example.org"]
[[organization]]
name = "shop"
parent = "example"
domains = ["shop.example.org"]
[[address_list]]
name = "banks"
file = "banks.txt"
[[address_list]]
name = "strict"
entries = ["strict.example", "*.strict.example"]
[[address_list]]
name = "early"
entries = ["early.example"]
[[address_list]]
name = "watched"
entries = ["watched.example"]
[[tls_compliance]]
name = "banks over TLS"
organization = "example"
directions = ["inbound"]
address_lists = ["banks"]
[[tls_compliance]]
name = "new TLS"
organization = "example"
directions = ["inbound"]
address_lists = ["strict"]
minimum_tls_version = "1.3"
[[tls_compliance]]
name = "never in clear"
organization = "example"
directions = ["inbound"]
address_lists = ["early"]
refuse_at_mail = true
[[tls_compliance]]
name = "on trial"
organization = "example"
directions = ["inbound"]
address_lists = ["watched"]
refuse_at_mail = true
mode = "report"
[[tls_compliance]]
name = "banks over TLS"
organization = "shop"
directions = ["inbound"]
address_lists = ["banks"]
mode = "off"
)";

std::shared_ptr<const policy::Snapshot> loaded(std::string_view text) {
    const gateway::test::Directory directory;
    directory.write("banks.txt", "bank.example cfo@partner.example # and nobody else\n");
    const policy::Loaded read = policy::load(directory.write("policy.toml", text), 1);
    INFO(read.mistakes.text());
    REQUIRE(read.snapshot);
    return read.snapshot;
}

using Addresses = std::vector<policy::Address>;

policy::Address address(std::string_view text) {
    return text.empty() ? policy::Address{} : policy::Address::parse(text).value();
}

Addresses addresses(const std::vector<std::string_view>& texts) {
    Addresses all;
    for (const std::string_view text : texts) {
        all.push_back(address(text));
    }
    return all;
}

Standing in_tls(TlsVersion version) {
    return {.achieved = {.level = Demand::tls, .version = version}};
}
Standing in_clear(StartTls start_tls = StartTls::offered) {
    return {.achieved = {}, .start_tls = start_tls};
}

Judgement judged(const policy::Snapshot& policy,
                 std::string_view recipient,
                 const Addresses& from,
                 Standing standing) {
    const policy::SettingSet* const settings = &policy.inbound_settings(address(recipient));
    return admit(policy, {&settings, 1}, from, standing);
}

// "550 5.7.10 TLS required: …", or "" where the next hop answers.
std::string line_of(const std::optional<smtp::Reply>& reply) {
    if (!reply) return {};
    const std::string text = smtp::wire_text(*reply);
    return text.substr(0, text.find('\r'));
}

const std::string for_bank = "TLS required: mail from bank.example is accepted over TLS only "
                             "(banks over TLS)";

} // namespace

TEST_CASE("mail from a listed sender passes in TLS, and not in clear") {
    struct Row {
        std::string_view case_;
        std::string_view from;
        Standing standing;
        Verdict verdict;
        std::string reply;
    };
    const auto row = GENERATE_COPY(
        Row{"I9: nobody's list", "a@other.example", in_clear(), Verdict::accepted, ""},
        Row{"I9: no subdomain of it", "a@sub.bank.example", in_clear(), Verdict::accepted, ""},
        Row{"I9: only like it", "a@evil-bank.example", in_clear(), Verdict::accepted, ""},
        Row{"I9: another of that domain", "ceo@partner.example", in_clear(), Verdict::accepted, ""},
        Row{"I10", "a@bank.example", in_tls(TlsVersion::tls_1_3), Verdict::accepted, ""},
        Row{"I10: at the floor",
            "a@bank.example",
            in_tls(TlsVersion::tls_1_2),
            Verdict::accepted,
            ""},
        Row{"I10: at a higher floor",
            "a@strict.example",
            in_tls(TlsVersion::tls_1_3),
            Verdict::accepted,
            ""},
        Row{"I11", "a@bank.example", in_clear(), Verdict::refused, "550 5.7.10 " + for_bank},
        Row{"I11: any spelling",
            "A@BANK.Example.",
            in_clear(),
            Verdict::refused,
            "550 5.7.10 " + for_bank},
        Row{"I11: a single address",
            "cfo@partner.example",
            in_clear(),
            Verdict::refused,
            "550 5.7.10 TLS required: mail from partner.example is accepted over TLS only "
            "(banks over TLS)"},
        Row{"I12: not on offer",
            "a@bank.example",
            in_clear(StartTls::not_offered),
            Verdict::deferred,
            "451 4.7.0 " + for_bank + ", and TLS is not available here for a passing reason"},
        Row{"I12: our fault",
            "a@bank.example",
            in_clear(StartTls::own_fault),
            Verdict::deferred,
            "451 4.7.0 " + for_bank + ", and TLS is not available here for a passing reason"},
        Row{"I13: below the usual floor",
            "a@bank.example",
            in_tls(TlsVersion::tls_1_1),
            Verdict::refused,
            "550 5.7.10 TLS 1.2 or later required: mail from bank.example is not accepted over an "
            "older version (banks over TLS)"},
        Row{"I13: below a higher floor",
            "a@x.strict.example",
            in_tls(TlsVersion::tls_1_2),
            Verdict::refused,
            "550 5.7.10 TLS 1.3 or later required: mail from x.strict.example is not accepted over "
            "an older version (new TLS)"});
    CAPTURE(row.case_, row.from);
    const auto policy = loaded(rules);
    const Judgement judgement =
        judged(*policy, "user@example.org", addresses({row.from}), row.standing);
    CHECK(judgement.verdict == row.verdict);
    CHECK(line_of(judgement.reply) == row.reply);
    CHECK_FALSE(judgement.would_refuse);
}

TEST_CASE("our own fault is no excuse for a TLS version that is too old") {
    const auto policy = loaded(rules);
    Standing standing = in_tls(TlsVersion::tls_1_1);
    standing.start_tls = StartTls::own_fault;
    const auto judgement =
        judged(*policy, "user@example.org", addresses({"a@bank.example"}), standing);
    CHECK(judgement.verdict == Verdict::refused);
}

TEST_CASE("of several mailboxes any listed one counts, and the reply names it") {
    const auto policy = loaded(rules);
    const auto judgement = judged(*policy,
                                  "user@example.org",
                                  addresses({"a@other.example", "b@bank.example", "c@x.example"}),
                                  in_clear());
    CHECK(line_of(judgement.reply) == "550 5.7.10 " + for_bank);
}

TEST_CASE("of several matching settings the strictest counts, in whatever order they match") {
    const auto policy = loaded(rules);
    const auto from = GENERATE(std::vector<std::string_view>{"a@bank.example", "b@strict.example"},
                               std::vector<std::string_view>{"b@strict.example", "a@bank.example"});
    const auto judgement =
        judged(*policy, "user@example.org", addresses(from), in_tls(TlsVersion::tls_1_2));
    CHECK(judgement.required ==
          policy::Required{.demand = Demand::tls, .floor = TlsVersion::tls_1_3});
    REQUIRE(judgement.settings.size() == 2); // all are told, in the order of the file
    CHECK(judgement.settings.front()->name == "banks over TLS");
    CHECK_THAT(line_of(judgement.reply),
               Catch::Contains("strict.example") && // the one not met
                   Catch::EndsWith("(new TLS)"));
}

TEST_CASE("recipients with different settings are judged by all of them, each setting told once") {
    const auto policy = loaded(rules);
    const std::vector sets{&policy->inbound_settings(address("user@shop.example.org")),
                           &policy->inbound_settings(address("user@example.org"))};
    REQUIRE(sets.front() != sets.back());
    const Addresses from = addresses({"a@bank.example", "b@early.example"});
    const Judgement judgement = admit(*policy, sets, from, in_clear());
    CHECK(judgement.verdict == Verdict::refused);
    REQUIRE(judgement.settings.size() == 2);
    CHECK(judgement.settings.front()->name == "never in clear");
    CHECK(judgement.settings.back()->name == "banks over TLS");
}

TEST_CASE(
    "nobody's sender, another's recipient and a setting that is off are no reason to refuse") {
    const auto policy = loaded(rules);
    struct Row {
        std::string_view to;
        std::vector<std::string_view> from;
    };
    const auto row = GENERATE(Row{"user@example.org", {}},
                              Row{"user@elsewhere.example", {"a@bank.example"}},
                              Row{"user@shop.example.org", {"a@bank.example"}});
    CAPTURE(row.to);
    const auto judgement = judged(*policy, row.to, addresses(row.from), in_clear());
    CHECK(judgement.verdict == Verdict::accepted);
    CHECK_FALSE(judgement.reply);
    CHECK(judgement.settings.empty());
    CHECK(judgement.required == policy::Required{});
}

TEST_CASE("a setting in report mode is told and never acts") {
    const auto policy = loaded(rules);
    const Addresses from = addresses({"a@watched.example"});
    const auto clear = judged(*policy, "user@example.org", from, in_clear());
    CHECK(clear.verdict == Verdict::accepted);
    CHECK_FALSE(clear.reply);
    CHECK(clear.would_refuse);
    CHECK(clear.settings.empty());
    REQUIRE(clear.reported.size() == 1);
    CHECK(clear.reported.front()->name == "on trial");
    CHECK(clear.required == policy::Required{});
    CHECK(judged(*policy, "user@example.org", from, in_tls(TlsVersion::tls_1_1)).would_refuse);
    CHECK_FALSE(
        judged(*policy, "user@example.org", from, in_tls(TlsVersion::tls_1_2)).would_refuse);
}

TEST_CASE("mail that must never cross in clear is refused before it is sent, and only then") {
    struct Row {
        std::string_view sender;
        Standing standing;
        std::string_view reply;
    };
    const auto row = GENERATE(Row{"a@early.example", in_clear(), "530 5.7.10 "}, // I7
                              Row{"a@early.example", in_clear(StartTls::not_offered), "451 4.7.0 "},
                              Row{"a@early.example", in_clear(StartTls::own_fault), "451 4.7.0 "},
                              Row{"a@early.example",
                                  in_tls(TlsVersion::tls_1_0),
                                  ""}, // encrypted: the end of data decides
                              Row{"a@bank.example", in_clear(), ""},    // without refuse_at_mail
                              Row{"a@watched.example", in_clear(), ""}, // report mode
                              Row{"a@other.example", in_clear(), ""},
                              Row{"", in_clear(), ""});
    CAPTURE(row.sender);
    const auto policy = loaded(rules);
    const auto& settings = policy->inbound_settings(address("user@example.org"));
    const std::string reply =
        line_of(refuse_early(*policy, settings, address(row.sender), row.standing));
    CHECK(reply.starts_with(row.reply));
    CHECK(reply.empty() == row.reply.empty());
    if (!reply.empty())
        CHECK_THAT(reply, Catch::Contains("early.example") && Catch::Contains("(never in clear)"));
}

TEST_CASE("the From field says whom mail is from; without one the envelope does") {
    const auto from_field = [](std::vector<std::string> fields, std::string_view envelope) {
        std::vector<std::string> texts;
        for (const policy::Address& sender :
             senders_of(smtp::mailboxes_of(fields), address(envelope))) {
            texts.emplace_back(sender.text());
        }
        return texts;
    };
    using Texts = std::vector<std::string>;
    CHECK(from_field({"A <a@bank.example>"}, "b@other.example") == Texts{"a@bank.example"});
    CHECK(from_field({"a@x.example, B@Y.example", "c@z.example"}, "") ==
          Texts{"a@x.example", "b@y.example", "c@z.example"});
    CHECK(from_field({}, "b@other.example") == Texts{"b@other.example"});
    CHECK(from_field({"nobody at all"}, "b@other.example") == Texts{"b@other.example"});
    CHECK(from_field({}, "").empty());
}

TEST_CASE("verdicts have the words of the log") {
    CHECK(text(Verdict::accepted) == "accepted");
    CHECK(text(Verdict::refused) == "refused");
    CHECK(text(Verdict::deferred) == "deferred");
}

} // namespace postern::receive::test
