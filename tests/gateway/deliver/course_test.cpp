#include "gateway/deliver/course.h"

#include <catch2/catch.hpp>

#include "tests/gateway/deliver/post_office.h"

namespace postern::deliver::test {
namespace {

using Numbers = std::vector<std::uint32_t>;
using spool::test::noon;

constexpr std::string_view rules = R"(
[[organization]]
name = "ours"
domains = ["sender.example"]
[[address_list]]
name = "banks"
entries = ["listed.example", "*.listed.example"]
[[address_list]]
name = "board"
entries = ["chief@sender.example"]
[[tls_compliance]]
name = "banks over TLS"
organization = "ours"
directions = ["outbound"]
address_lists = ["banks"]
require_trusted_certificate = true
on_tls_failure = "retry"
[[route]]
name = "smart host"
domains = ["smart.example", "other-smart.example"]
hosts = ["192.0.2.1"]
[[route]]
name = "secure"
domains = ["secure.example"]
hosts = ["192.0.2.2"]
tls = "require"
require_trusted_certificate = true
[[route]]
name = "mailbox servers"
domains = ["sender.example"]
hosts = ["192.0.2.3"]
[[routing]]
name = "the board"
senders = ["board"]
recipients = ["banks"]
require_secure_transport = true
route = "secure"
[[routing]]
name = "confidential"
header = { name = "Sensitivity", contains = "confidential" }
require_secure_transport = true
)";

spool::Message message(std::vector<std::string_view> recipients,
                       std::string_view sender = "s@sender.example") {
    spool::Message made;
    made.mail = mail(sender);
    for (const std::string_view recipient : recipients) {
        made.recipients.push_back({.envelope = to(recipient), .next = noon});
    }
    return made;
}

std::vector<Course> courses(const policy::Snapshot& policy,
                            const spool::Message& message,
                            std::string_view header = "") {
    return courses_of(policy, message, header, noon);
}

} // namespace

TEST_CASE("recipients of one domain and one demand travel together, in whatever spelling") {
    const auto policy = policy_of(std::string{rules});
    const auto found = courses(*policy,
                               message({"a@one.example",
                                        "b@two.example",
                                        "c@ONE.Example",
                                        "d@listed.example",
                                        "e@sub.listed.example",
                                        "f@Listed.example"}));
    REQUIRE(found.size() == 4);
    CHECK(found[0].recipients == Numbers{0, 2});
    CHECK(found[0].place() == "one.example");
    CHECK(found[0].demanded.required.demand == Demand::none);
    CHECK(found[1].recipients == Numbers{1});
    CHECK(found[2].recipients == Numbers{3, 5});
    CHECK(found[2].demanded.required.demand == Demand::tls_trusted_host);
    CHECK(found[2].demanded.on_tls_failure == policy::OnTlsFailure::retry);
    CHECK(found[2].demanded.matches.at(0).setting->name == "banks over TLS");
    CHECK(found[3].recipients == Numbers{4});
}

TEST_CASE("recipients of one route that names hosts travel together, whatever their domains") {
    const auto policy = policy_of(std::string{rules});
    const auto found =
        courses(*policy, message({"a@smart.example", "b@other-smart.example", "c@one.example"}));
    REQUIRE(found.size() == 2);
    CHECK(found[0].recipients == Numbers{0, 1});
    CHECK_FALSE(found[0].by_mx());
    CHECK(found[0].place() == "route smart host");
    CHECK(found[0].domain.empty());
    CHECK(found[1].by_mx());
    CHECK(found[1].place() == "one.example");
}

TEST_CASE("only those who wait and are due go anywhere") {
    const auto policy = policy_of(std::string{rules});
    auto waiting = message({"a@one.example", "b@one.example", "c@one.example", "d@one.example"});
    waiting.recipients[0].state = spool::State::delivered;
    waiting.recipients[1].next = noon + std::chrono::seconds{1};
    waiting.recipients[2].state = spool::State::held;
    const auto found = courses(*policy, waiting);
    REQUIRE(found.size() == 1);
    CHECK(found[0].recipients == Numbers{3});
}

TEST_CASE("a setting of an organization counts for its own senders only") {
    const auto policy = policy_of(std::string{rules});
    const auto of = [&](std::string_view sender) {
        return courses(*policy, message({"a@listed.example"}, sender)).at(0);
    };
    CHECK(of("s@sender.example").demanded.required.demand == Demand::tls_trusted_host);
    CHECK(of("s@elsewhere.example").demanded.required.demand == Demand::none);
    CHECK(of("").demanded.required.demand == Demand::none);
}

TEST_CASE("a routing rule asks for all that it names") {
    const auto policy = policy_of(std::string{rules});
    const auto route_of = [&](std::string_view sender, std::string_view recipient) {
        const auto found = courses(*policy, message({recipient}, sender));
        return found.at(0).route == nullptr ? std::string{} : found.at(0).route->name;
    };
    CHECK(route_of("chief@sender.example", "a@listed.example") == "secure");
    CHECK(route_of("chief@sender.example", "a@one.example") == "");
    CHECK(route_of("clerk@sender.example", "a@listed.example") == "");
}

TEST_CASE("a rule finds words in any field of its name, folded or not, in any case") {
    struct Row {
        std::string_view header;
        bool marked;
    };
    const auto row = GENERATE(values<Row>({
        {"Sensitivity: company-confidential\r\n", true},
        {"SENSITIVITY: Company-Confidential\r\n", true},
        {"Sensitivity: none\r\nSensitivity:\r\n very\r\n confidential\r\n", true},
        {"Sensitivity: confi\r\n dential\r\n", false},
        {"Subject: confidential\r\n", false},
        {"X-Sensitivity: confidential\r\n", false},
        {"\r\nSensitivity: confidential\r\n", false}, // no header: that is the body
        {"", false},
    }));
    CAPTURE(row.header);
    const auto policy = policy_of(std::string{rules});
    CHECK(needs_header(*policy));
    const auto found = courses(*policy, message({"a@one.example"}), row.header);
    const auto demand = row.marked ? Demand::tls : Demand::none;
    CHECK(found.at(0).demanded.required.demand == demand);
}

TEST_CASE("the header is wanted only where a rule looks at it") {
    CHECK_FALSE(needs_header(*policy_of(setting("banks over TLS"))));
}

TEST_CASE("a secure route and a mark are demands, and mark mail for others (O11)") {
    const auto policy = policy_of(R"(
[[address_list]]
name = "all"
entries = ["secure.example", "may.example", "one.example"]
[[tls_compliance]]
name = "marked mail"
directions = ["outbound-marked"]
address_lists = ["all"]
require_trusted_certificate = true
[[route]]
name = "secure"
domains = ["secure.example"]
hosts = ["192.0.2.2"]
tls = "require"
[[route]]
name = "may"
domains = ["may.example"]
hosts = ["192.0.2.3"]
)");
    const auto found =
        courses(*policy, message({"a@secure.example", "b@may.example", "c@one.example"}));
    REQUIRE(found.size() == 3);
    CHECK(found[0].demanded.required.demand == Demand::tls_trusted_host);
    CHECK(found[1].demanded.required.demand == Demand::none);
    CHECK(found[2].demanded.required.demand == Demand::none);
}

TEST_CASE("what settings on trial would demand is known, and demands nothing") {
    const auto policy = policy_of(setting("on trial", "report"));
    const auto found = courses(*policy, message({"a@listed.example", "b@one.example"}));
    REQUIRE(found.size() == 2);
    CHECK(found[0].demanded.required.demand == Demand::none);
    CHECK(found[0].demanded.matches.empty());
    CHECK(found[0].reported.required.demand == Demand::tls);
    CHECK(found[0].reported.matches.at(0).setting->name == "on trial");
    CHECK(found[1].reported.matches.empty());
}

TEST_CASE("a message is confidential as soon as TLS is demanded for anybody, settled or not") {
    const auto policy = policy_of(std::string{rules});
    auto two = message({"a@one.example", "b@listed.example"});
    CHECK(is_confidential(*policy, two, ""));
    two.recipients[1].state = spool::State::delivered;
    CHECK(is_confidential(*policy, two, ""));
    CHECK_FALSE(is_confidential(*policy, message({"a@one.example"}), ""));
    CHECK(is_confidential(*policy, message({"a@one.example"}), "Sensitivity: confidential\r\n"));
}

} // namespace postern::deliver::test
