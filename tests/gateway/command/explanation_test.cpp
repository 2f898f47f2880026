#include "gateway/command/explanation.h"
#include "policy/load.h"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::command::test {
namespace {

using policy::Demand;
using policy::Direction;
using policy::Required;
using policy::TlsVersion;
using receive::Verdict;

constexpr std::string_view rules = R"(
[[organization]]
name = "group"
domains = ["example.org"]
[[organization]]
name = "labs"
parent = "group"
domains = ["labs.example.org"]
addresses = ["research@example.org"]
[[address_list]]
name = "banks"
entries = ["bank.example"]
[[address_list]]
name = "early"
entries = ["early.example"]
[[address_list]]
name = "clinics"
entries = ["clinic.example"]
[[address_list]]
name = "strict"
entries = ["strict.example"]
[[address_list]]
name = "reported"
entries = ["reported.example"]
[[address_list]]
name = "lawyers"
entries = ["lawyer.example"]
[[address_list]]
name = "chiefs"
entries = ["chief@example.org"]
[[tls_compliance]]
name = "banks"
directions = ["inbound", "outbound"]
address_lists = ["banks"]
[[tls_compliance]]
name = "banks"
organization = "labs"
directions = ["inbound", "outbound"]
address_lists = ["banks"]
require_trusted_certificate = true
validate_certificate_hostname = false
minimum_tls_version = "1.3"
on_tls_failure = "retry"
[[tls_compliance]]
name = "early of the group"
organization = "group"
directions = ["inbound"]
address_lists = ["early"]
refuse_at_mail = true
[[tls_compliance]]
name = "early"
directions = ["inbound"]
address_lists = ["early"]
refuse_at_mail = true
[[tls_compliance]]
name = "overridden"
directions = ["inbound"]
address_lists = ["strict"]
refuse_at_mail = true
[[tls_compliance]]
name = "overridden"
organization = "labs"
directions = ["inbound"]
address_lists = ["strict"]
mode = "off"
[[tls_compliance]]
name = "on trial"
directions = ["inbound", "outbound"]
address_lists = ["reported"]
mode = "report"
[[tls_compliance]]
name = "clinics"
directions = ["outbound-marked"]
address_lists = ["clinics"]
require_trusted_certificate = true
[[route]]
name = "ours"
domains = ["example.org", "labs.example.org"]
hosts = ["127.0.0.1:25"]
[[route]]
name = "others"
domains = ["*"]
hosts = ["192.0.2.1:25"]
[[route]]
name = "secure"
domains = []
hosts = ["192.0.2.2:25"]
tls = "require"
require_trusted_certificate = true
[[routing]]
name = "secret"
header = { name = "Sensitivity", contains = "secret" }
require_secure_transport = true
route = "secure"
[[routing]]
name = "lawyers"
recipients = ["lawyers"]
require_secure_transport = true
[[routing]]
name = "chiefs to clinics"
senders = ["chiefs"]
recipients = ["clinics"]
require_secure_transport = true
[[routing]]
name = "chiefs to banks"
senders = ["chiefs"]
recipients = ["banks"]
route = "secure"
[[routing]]
name = "chiefs to banks, in vain"
senders = ["chiefs"]
recipients = ["banks"]
route = "others"
)";

policy::Address address(std::string_view text) { return policy::Address::parse(text).value(); }

// The policy, and what it says. An explanation borrows the policy.
struct Policy {
    std::shared_ptr<const policy::Snapshot> snapshot;

    explicit Policy(std::string_view text = rules) {
        policy::Loaded loaded = policy::load_text(std::string{text});
        INFO(loaded.mistakes.text());
        REQUIRE(loaded.snapshot);
        snapshot = std::move(loaded.snapshot);
    }

    [[nodiscard]] Explanation inbound(const std::vector<std::string_view>& from,
                                      std::string_view to,
                                      TlsVersion tls = TlsVersion::none) const {
        return of(Direction::inbound, from, to, tls);
    }
    [[nodiscard]] Explanation outbound(const std::vector<std::string_view>& from,
                                       std::string_view to,
                                       TlsVersion tls = TlsVersion::none) const {
        return of(Direction::outbound, from, to, tls);
    }

private:
    [[nodiscard]] Explanation of(Direction direction,
                                 const std::vector<std::string_view>& from,
                                 std::string_view to,
                                 TlsVersion tls) const {
        Question question{.from = {}, .to = address(to), .direction = direction, .tls = tls};
        for (const std::string_view text : from)
            question.from.push_back(address(text));
        return explanation_of(*snapshot, std::move(question));
    }
};

std::vector<std::string> names_of(const policy::Demanded& demanded) {
    std::vector<std::string> names;
    names.reserve(demanded.matches.size());
    for (const policy::Match& match : demanded.matches)
        names.push_back(match.setting->name);
    return names;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("inbound mail is explained by the organization of the recipient") {
    const Policy policy;
    const auto group = policy.inbound({"a@bank.example"}, "user@example.org", TlsVersion::tls_1_2);
    REQUIRE(group.organization != nullptr);
    CHECK(group.organization->name == "group");
    REQUIRE(group.route != nullptr);
    CHECK(group.route->name == "ours");
    CHECK(names_of(group.requirement.enforced) == Names{"banks"});
    CHECK(group.required == Required{.demand = Demand::tls, .floor = TlsVersion::tls_1_2});
    CHECK(group.verdict == Verdict::accepted);
    CHECK(group.reply.empty());

    for (const std::string_view to : {"user@labs.example.org", "research@example.org"}) {
        const auto labs = policy.inbound({"a@bank.example"}, to, TlsVersion::tls_1_2);
        REQUIRE(labs.organization != nullptr);
        CHECK(labs.organization->name == "labs");
        CHECK(labs.required == Required{.demand = Demand::tls, .floor = TlsVersion::tls_1_3});
        CHECK(labs.verdict == Verdict::refused);
        CHECK_THAT(labs.reply, Catch::StartsWith("550 5.7.10 TLS 1.3 or later required"));
        CHECK_THAT(labs.reply, !Catch::Contains("\r") && !Catch::Contains("\n"));
    }
}

TEST_CASE("what only reports is explained apart and demands nothing") {
    const Policy policy;
    const auto made = policy.inbound({"a@reported.example"}, "user@example.org");
    CHECK(names_of(made.requirement.enforced).empty());
    CHECK(names_of(made.requirement.reported) == Names{"on trial"});
    CHECK(made.required == Required{});
    CHECK(made.verdict == Verdict::accepted);
}

TEST_CASE("mail that is not ours is refused to RCPT, whatever TLS it came in") {
    const Policy policy;
    const auto tls = GENERATE(TlsVersion::none, TlsVersion::tls_1_3);
    const auto made = policy.inbound({"a@bank.example"}, "b@elsewhere.example", tls);
    CHECK(made.organization == nullptr);
    CHECK(made.verdict == Verdict::refused);
    CHECK(made.at_mail == "550 5.7.1 Relaying denied: no mail for elsewhere.example is taken here");
    CHECK(made.reply.empty());
}

TEST_CASE("the early reply is the one that the session would hear first") {
    struct Row {
        std::string_view from;
        std::string_view to;
        TlsVersion tls;
        std::string_view reply;
        std::string_view setting;
    };
    const auto in_clear = TlsVersion::none;
    const auto row = GENERATE_COPY(
        // To MAIL, before the organization of a recipient is known.
        Row{"a@early.example", "user@example.org", in_clear, "530 5.7.10 ", "(early)"},
        Row{"a@early.example", "b@elsewhere.example", in_clear, "530 5.7.10 ", "(early)"},
        // To RCPT, because some organization has it otherwise.
        Row{"a@strict.example", "user@example.org", in_clear, "530 5.7.10 ", "(overridden)"},
        Row{"a@strict.example", "b@elsewhere.example", in_clear, "550 5.7.1 ", "elsewhere"},
        Row{"a@strict.example", "user@labs.example.org", in_clear, "", ""},
        Row{"a@early.example", "user@example.org", TlsVersion::tls_1_0, "", ""},
        Row{"a@bank.example", "user@example.org", in_clear, "", ""});
    CAPTURE(row.from, row.to);
    const Policy policy;
    const auto made = policy.inbound({row.from}, row.to, row.tls);
    CHECK_THAT(made.at_mail,
               Catch::StartsWith(std::string{row.reply}) &&
                   Catch::Contains(std::string{row.setting}));
    CHECK(made.at_mail.empty() == row.reply.empty());
}

TEST_CASE("any of several senders may be the one of the envelope") {
    const Policy policy;
    const auto made = policy.inbound({"a@other.example", "b@early.example"}, "user@example.org");
    CHECK_THAT(made.at_mail, Catch::StartsWith("530 5.7.10 "));
    CHECK_THAT(made.reply, Catch::StartsWith("550 5.7.10 "));
    CHECK(policy.inbound({}, "user@example.org").at_mail.empty());
}

TEST_CASE("outbound mail is explained by the organization of the sender") {
    struct Row {
        std::vector<std::string_view> from;
        TlsVersion tls;
        Required required;
        Verdict verdict;
        std::string_view cause;
    };
    const Required any{.demand = Demand::tls, .floor = TlsVersion::tls_1_2};
    const Required trusted{.demand = Demand::tls_trusted, .floor = TlsVersion::tls_1_3};
    const std::string_view no_tls = "5.7.10 starttls-not-supported";
    const std::string_view too_old = "5.7.10 validation-failure";
    const auto row = GENERATE_COPY(
        Row{{"me@example.org"}, TlsVersion::none, any, Verdict::refused, no_tls},
        Row{{"me@example.org"}, TlsVersion::tls_1_1, any, Verdict::refused, too_old},
        Row{{"me@example.org"}, TlsVersion::tls_1_2, any, Verdict::accepted, ""},
        Row{{}, TlsVersion::tls_1_1, any, Verdict::refused, too_old},
        Row{{"me@labs.example.org"}, TlsVersion::none, trusted, Verdict::deferred, no_tls},
        Row{{"me@labs.example.org"}, TlsVersion::tls_1_2, trusted, Verdict::deferred, too_old},
        Row{{"me@labs.example.org"}, TlsVersion::tls_1_3, trusted, Verdict::accepted, ""});
    CAPTURE(row.from, row.tls);
    const Policy policy;
    const auto made = policy.outbound(row.from, "b@bank.example", row.tls);
    CHECK((made.organization == nullptr) == row.from.empty());
    CHECK(made.required == row.required);
    CHECK(made.verdict == row.verdict);
    CHECK(made.cause == row.cause);
    CHECK(made.at_mail.empty());
    CHECK(made.reply.empty());
}

TEST_CASE("outbound mail that nothing is demanded of is delivered in clear too") {
    const Policy policy;
    for (const std::string_view to : {"b@other.example", "b@reported.example"}) {
        const auto made = policy.outbound({"me@example.org"}, to);
        CHECK(made.verdict == Verdict::accepted);
        CHECK(made.required == Required{});
        REQUIRE(made.route != nullptr);
        CHECK(made.route->name == "others");
    }
}

TEST_CASE("a routing rule marks mail, or sends it another way, by its addresses alone") {
    struct Row {
        std::string_view from;
        std::string_view to;
        std::string_view route;
        Names settings;
        Demand demand;
    };
    const auto row = GENERATE(
        Row{"me@example.org", "b@clinic.example", "others", {}, Demand::none},
        Row{"chief@example.org",
            "b@clinic.example",
            "others",
            {"clinics"},
            Demand::tls_trusted_host},
        Row{"chief@example.org", "b@other.example", "others", {}, Demand::none},
        Row{"me@example.org", "b@lawyer.example", "others", {}, Demand::tls},
        Row{"me@example.org", "b@bank.example", "others", {"banks"}, Demand::tls},
        Row{"chief@example.org", "b@bank.example", "secure", {"banks"}, Demand::tls_trusted_host});
    CAPTURE(row.from, row.to);
    const Policy policy;
    const auto made = policy.outbound({row.from}, row.to);
    REQUIRE(made.route != nullptr);
    CHECK(made.route->name == row.route);
    CHECK(names_of(made.requirement.enforced) == row.settings);
    CHECK(made.required.demand == row.demand);
    CHECK(made.verdict == (row.demand == Demand::none ? Verdict::accepted : Verdict::refused));
}

TEST_CASE("a route that requires TLS marks its mail, and demands TLS of mail that nothing lists") {
    const Policy policy{R"(
[[address_list]]
name = "clinics"
entries = ["clinic.example"]
[[tls_compliance]]
name = "clinics"
directions = ["outbound-marked"]
address_lists = ["clinics"]
minimum_tls_version = "1.3"
on_tls_failure = "retry"
[[route]]
name = "smart host"
domains = ["*"]
hosts = ["192.0.2.1:25"]
tls = "require"
)"};
    const auto listed = policy.outbound({"me@example.org"}, "b@clinic.example");
    CHECK(names_of(listed.requirement.enforced) == Names{"clinics"});
    CHECK(listed.required == Required{.demand = Demand::tls, .floor = TlsVersion::tls_1_3});
    CHECK(listed.verdict == Verdict::deferred);

    const auto other = policy.outbound({"me@example.org"}, "b@other.example");
    CHECK(other.required == Required{.demand = Demand::tls, .floor = TlsVersion::none});
    CHECK(other.verdict == Verdict::refused);
    CHECK(policy.outbound({"me@example.org"}, "b@other.example", TlsVersion::tls_1_0).verdict ==
          Verdict::accepted);
}

TEST_CASE("without any route outbound mail is judged by the settings alone") {
    const Policy policy{"[[route]]\nname = \"ours\"\ndomains = [\"example.org\"]\n"
                        "hosts = [\"127.0.0.1:25\"]\n"};
    const auto made = policy.outbound({"me@example.org"}, "b@other.example");
    CHECK(made.route == nullptr);
    CHECK(made.verdict == Verdict::accepted);
}

} // namespace postern::command::test
