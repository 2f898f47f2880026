#include "gateway/command/postfix/written.h"
#include "policy/load.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace postern::command::postfix::test {
namespace {

using policy::Demand;
using policy::TlsVersion;

std::vector<Group> groups_of(TableKind kind, std::string_view text) {
    policy::Mistakes mistakes;
    const Table table{.file = "t", .kind = kind, .entries = read_table(text, "t", mistakes)};
    return convert({&table, 1}, Subdomains::with_domain, mistakes);
}

std::shared_ptr<const policy::Snapshot> loaded(std::span<const Group> groups) {
    const policy::Loaded made = policy::load_text(written(groups, Lists::in_place).back().text);
    INFO(made.mistakes.text());
    REQUIRE(made.snapshot);
    CHECK(made.mistakes.empty());
    return made.snapshot;
}

policy::Address address(std::string_view text) { return *policy::Address::parse(text); }

} // namespace

TEST_CASE("a TLS policy table decides about mail to a domain as it did") {
    const auto policy = loaded(groups_of(TableKind::tls_policy,
                                         "b.example encrypt\n"
                                         ".b.example encrypt\n"
                                         "c.example verify protocols=>=TLSv1.3\n"
                                         "d.example may\n"
                                         "e.example secure\n"
                                         "f.example fingerprint match=00\n"));
    struct Row {
        std::string_view to;
        Demand demand;
        TlsVersion floor;
    };
    const auto row = GENERATE(Row{"x@b.example", Demand::tls, TlsVersion::tls_1_2},
                              Row{"x@a.b.example", Demand::tls, TlsVersion::tls_1_2},
                              Row{"x@c.example", Demand::tls_trusted_host, TlsVersion::tls_1_3},
                              Row{"x@a.c.example", Demand::none, TlsVersion::none},
                              Row{"x@d.example", Demand::none, TlsVersion::none},
                              Row{"x@e.example", Demand::tls_trusted_host, TlsVersion::tls_1_2},
                              Row{"x@f.example", Demand::tls, TlsVersion::tls_1_2});
    CAPTURE(row.to);
    const auto found = policy->outbound_requirement(
        address("me@example.org"), address(row.to), policy::Marked::no);
    CHECK(found.enforced.required.demand == row.demand);
    CHECK(found.enforced.required.floor == row.floor);
    // Postfix keeps what it cannot deliver securely.
    if (row.demand != Demand::none)
        CHECK(found.enforced.on_tls_failure == policy::OnTlsFailure::retry);
    const auto sender = address(row.to);
    CHECK(policy->inbound_requirement({&sender, 1}, policy->inbound_settings_of_all())
              .enforced.matches.empty());
}

TEST_CASE("a sender access table decides about mail from a sender as it did, at MAIL") {
    const auto policy = loaded(groups_of(TableKind::sender_access,
                                         "b.example reject_plaintext_session\n"
                                         "cfo@c.example reject_plaintext_session\n"
                                         "\"a \\\"b\"@c.example reject_plaintext_session\n"
                                         "d.example OK\n"));
    struct Row {
        std::string_view from;
        bool refused;
    };
    const auto row = GENERATE(Row{"x@b.example", true},
                              Row{"x@a.b.example", true},
                              Row{"CFO@c.example", true},
                              Row{"\"a \\\"b\"@c.example", true},
                              Row{"x@c.example", false},
                              Row{"x@d.example", false});
    CAPTURE(row.from);
    const auto sender = address(row.from);
    const auto& settings = policy->inbound_settings_of_all();
    CHECK(policy->refusal_at_mail(sender, settings).has_value() == row.refused);
    CHECK((policy->inbound_requirement({&sender, 1}, settings).enforced.required.demand ==
           Demand::tls) == row.refused);
    CHECK(policy->outbound_requirement({}, sender, policy::Marked::no).enforced.matches.empty());
}

TEST_CASE("lists in files stand before the policy that names them, an entry a line") {
    const auto files = written(groups_of(TableKind::tls_policy,
                                         "b.example encrypt\n.b.example encrypt\n"
                                         "c.example encrypt protocols=>=TLSv1.3\n"),
                               Lists::in_files);
    REQUIRE(files.size() == 3);
    CHECK(files[0].name == "postfix-encrypt.txt");
    CHECK(files[0].text == "b.example\n*.b.example\n");
    CHECK(files[1].name == "postfix-encrypt-1.3.txt");
    CHECK(files[1].text == "c.example\n");
    CHECK(files[2].name == "postfix.toml");
    CHECK_THAT(files[2].text, Catch::Contains("file = \"postfix-encrypt.txt\"\n"));
    CHECK_THAT(files[2].text, !Catch::Contains("entries"));
}

TEST_CASE("a table that demands nothing is a policy that demands nothing") {
    const auto policy = loaded(groups_of(TableKind::tls_policy, "b.example may\n"));
    CHECK(policy->counts().settings == 0);
}

} // namespace postern::command::postfix::test
