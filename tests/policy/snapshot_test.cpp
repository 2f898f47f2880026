#include "policy/load.h"
#include "policy/snapshot.h"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace postern::policy;

namespace {

std::shared_ptr<const Snapshot> snapshot_of(const std::string& text) {
    Loaded loaded = load_text(text);
    INFO(loaded.mistakes.text());
    REQUIRE(loaded.snapshot);
    return std::move(loaded.snapshot);
}

Address address(std::string_view text) { return *Address::parse(text); }

std::vector<std::string> names(const SettingSet& set) {
    std::vector<std::string> names;
    for (const Setting* setting : set.settings())
        names.push_back(setting->name + "/" + setting->description);
    return names;
}
using Names = std::vector<std::string>;

// A group of two companies; one of them has a department.
const std::string house = R"(
[[organization]]
name = "group"
[[organization]]
name = "bakery"
parent = "group"
domains = ["bakery.example"]
addresses = ["chef@mill.example"]
[[organization]]
name = "mill"
parent = "group"
domains = ["mill.example"]
[[organization]]
name = "office"
parent = "mill"
domains = ["office.mill.example"]
[[route]]
name = "ours"
domains = ["bakery.example", "mill.example", "extra.example"]
hosts = ["a.example"]
[[route]]
name = "others"
domains = ["*"]
hosts = ["b.example"]
[[route]]
name = "spare"
hosts = ["c.example"]
[[address_list]]
name = "banks"
entries = ["bank.example"]
)";

std::string
setting(const std::string& name, const std::string& organization, const std::string& keys = "") {
    std::string text = "[[tls_compliance]]\nname = \"" + name + "\"\naddress_lists = [\"banks\"]\n";
    text += "description = \"" + organization + "\"\n";
    if (!organization.empty()) text += "organization = \"" + organization + "\"\n";
    if (!keys.contains("directions")) text += "directions = [\"inbound\", \"outbound\"]\n";
    return text + keys + "\n";
}

} // namespace

TEST_CASE("an address belongs to the organization that names it, else to its domain's") {
    const auto policy = snapshot_of(house);
    const auto name_of = [&](std::string_view text) {
        const Organization* organization = policy->organization_of(address(text));
        return organization == nullptr ? std::string("nobody") : organization->name;
    };
    CHECK(name_of("a@bakery.example") == "bakery");
    CHECK(name_of("a@mill.example") == "mill");
    CHECK(name_of("Chef@Mill.example") == "bakery");
    CHECK(name_of("a@office.mill.example") == "office");
    CHECK(name_of("a@sub.bakery.example") == "nobody");
    CHECK(name_of("a@extra.example") == "nobody");
    CHECK(policy->organization_of(Address()) == nullptr);
}

TEST_CASE("ours is what an organization has or a route names, never what \"*\" takes") {
    const auto policy = snapshot_of(house);
    CHECK(policy->is_ours(address("a@bakery.example")));
    CHECK(policy->is_ours(address("a@office.mill.example")));
    CHECK(policy->is_ours(address("a@extra.example")));
    CHECK(policy->is_our_domain("extra.example"));
    CHECK_FALSE(policy->is_ours(address("a@other.example")));
    CHECK_FALSE(policy->is_ours(address("a@x.bakery.example")));
    CHECK_FALSE(policy->is_our_domain("*"));
    CHECK_FALSE(policy->is_our_domain(""));
    CHECK_FALSE(policy->is_ours(Address()));
}

TEST_CASE("an address of ours in a foreign domain makes only the address ours") {
    const auto policy =
        snapshot_of("[[organization]]\nname = \"o\"\naddresses = [\"us@mail.example\"]\n"
                    "[[route]]\nname = \"r\"\ndomains = [\"*\"]\nhosts = [\"h\"]\n");
    CHECK(policy->is_ours(address("us@mail.example")));
    CHECK_FALSE(policy->is_ours(address("them@mail.example")));
    CHECK_FALSE(policy->is_our_domain("mail.example"));
}

TEST_CASE("a route is found by exact domain, else for all others, else not at all") {
    const auto policy = snapshot_of(house);
    CHECK(policy->route_for("bakery.example")->name == "ours");
    CHECK(policy->route_for("extra.example")->name == "ours");
    CHECK(policy->route_for("x.bakery.example")->name == "others");
    CHECK(policy->route_for("")->name == "others");
    CHECK(policy->route_named("spare")->hosts.front().address == "c.example");
    CHECK(policy->route_named("none") == nullptr);
    const auto narrow =
        snapshot_of("[[route]]\nname = \"r\"\ndomains = [\"a.example\"]\nhosts = [\"h\"]\n");
    CHECK(narrow->route_for("a.example") != nullptr);
    CHECK(narrow->route_for("b.example") == nullptr);
}

TEST_CASE("a setting applies to its organization and everything below, one without to all") {
    const auto policy = snapshot_of(house + setting("all", "") + setting("group", "group") +
                                    setting("mill", "mill"));
    CHECK(names(policy->inbound_settings(address("a@bakery.example"))) ==
          Names{"all/", "group/group"});
    CHECK(names(policy->inbound_settings(address("a@mill.example"))) ==
          Names{"all/", "group/group", "mill/mill"});
    CHECK(names(policy->inbound_settings(address("a@office.mill.example"))) ==
          Names{"all/", "group/group", "mill/mill"});
    CHECK(names(policy->inbound_settings(address("a@extra.example"))) == Names{"all/"});
    CHECK(names(policy->inbound_settings(Address())) == Names{"all/"});
    CHECK(names(policy->inbound_settings_of_all()) == Names{"all/"});
}

TEST_CASE("a setting of the same name overrides that of the organizations above") {
    const auto policy = snapshot_of(house + setting("s", "mill", "minimum_tls_version = \"1.3\"") +
                                    setting("s", "") + setting("s", "group"));
    CHECK(names(policy->inbound_settings_of_all()) == Names{"s/"});
    CHECK(names(policy->inbound_settings(address("a@bakery.example"))) == Names{"s/group"});
    CHECK(names(policy->inbound_settings(address("a@mill.example"))) == Names{"s/mill"});
    CHECK(names(policy->inbound_settings(address("a@office.mill.example"))) == Names{"s/mill"});
    CHECK(policy->inbound_settings(address("a@mill.example")).strictest().floor ==
          TlsVersion::tls_1_3);
}

TEST_CASE("a setting that is off switches that of above off, and may come back below") {
    const auto policy =
        snapshot_of(house + setting("s", "group") + setting("s", "mill", "mode = \"off\"") +
                    setting("s", "office"));
    CHECK(names(policy->inbound_settings(address("a@bakery.example"))) == Names{"s/group"});
    CHECK(policy->inbound_settings(address("a@mill.example")).empty());
    CHECK(names(policy->inbound_settings(address("a@office.mill.example"))) == Names{"s/office"});
}

TEST_CASE("an override counts in the direction it is not for as well") {
    const auto policy =
        snapshot_of(house + setting("s", "") + setting("s", "mill", "directions = [\"outbound\"]"));
    CHECK(policy->inbound_settings(address("a@mill.example")).empty());
    CHECK(names(policy->inbound_settings(address("a@bakery.example"))) == Names{"s/"});
}

TEST_CASE("recipients who are judged alike get the same set, others do not") {
    const auto policy = snapshot_of(house + setting("all", "") + setting("mill", "mill"));
    const SettingSet& bakery = policy->inbound_settings(address("a@bakery.example"));
    const SettingSet& mill = policy->inbound_settings(address("a@mill.example"));
    CHECK(&bakery == &policy->inbound_settings(address("b@bakery.example")));
    CHECK(&bakery == &policy->inbound_settings(address("chef@mill.example")));
    CHECK(&bakery == &policy->inbound_settings_of_all());
    CHECK(&mill == &policy->inbound_settings(address("a@office.mill.example")));
    CHECK(&mill != &bakery);
}

TEST_CASE("inbound the recipient's settings count, outbound the sender's") {
    const auto policy =
        snapshot_of(house + setting("s", "mill", "require_trusted_certificate = true"));
    const Address bank = address("a@bank.example");
    const Address miller = address("a@mill.example");
    const Address baker = address("a@bakery.example");
    const auto inbound = [&](const Address& recipient) {
        return policy->inbound_requirement({&bank, 1}, policy->inbound_settings(recipient))
            .enforced.required;
    };
    CHECK(inbound(miller) == Required{.demand = Demand::tls, .floor = TlsVersion::tls_1_2});
    CHECK(inbound(baker) == Required{});
    CHECK(policy->outbound_requirement(miller, bank, Marked::no).enforced.required.demand ==
          Demand::tls_trusted_host);
    CHECK(policy->outbound_requirement(baker, bank, Marked::no).enforced.required == Required{});
    CHECK(policy->outbound_requirement(miller, baker, Marked::no).enforced.required == Required{});
    CHECK(policy->outbound_requirement(Address(), bank, Marked::no).enforced.required ==
          Required{});
}

TEST_CASE("mail from our own domains is judged like any other") {
    const auto policy =
        snapshot_of("[[organization]]\nname = \"o\"\ndomains = [\"own.example\"]\n"
                    "[[route]]\nname = \"r\"\ndomains = [\"own.example\"]\nhosts = [\"h\"]\n"
                    "[[address_list]]\nname = \"banks\"\nentries = [\"own.example\"]\n" +
                    setting("s", "o"));
    const Address own = address("a@own.example");
    CHECK(policy->inbound_requirement({&own, 1}, policy->inbound_settings(own)).enforced.required ==
          Required{.demand = Demand::tls, .floor = TlsVersion::tls_1_2});
}

TEST_CASE("the envelope sender is looked for in settings that refuse at MAIL") {
    const auto policy = snapshot_of(house + setting("early", "mill", "refuse_at_mail = true"));
    const Address bank = address("a@bank.example");
    CHECK(policy->refusal_at_mail(bank, policy->inbound_settings(address("a@mill.example"))));
    CHECK_FALSE(policy->refusal_at_mail(bank, policy->inbound_settings_of_all()));
}

TEST_CASE("numbers for the status") {
    const auto policy = snapshot_of(house + setting("all", ""));
    const Counts counts = policy->counts();
    CHECK(counts.organizations == 4);
    CHECK(counts.lists == 1);
    CHECK(counts.entries == 1);
    CHECK(counts.settings == 1);
    CHECK(counts.routes == 3);
    CHECK(counts.list_bytes > 0);
    CHECK(policy->generation() == 1);
}

TEST_CASE("a policy of nothing is nobody's and demands nothing") {
    const auto policy = snapshot_of("");
    CHECK_FALSE(policy->is_ours(address("a@example.com")));
    CHECK(policy->route_for("example.com") == nullptr);
    CHECK(policy->inbound_settings_of_all().empty());
}
