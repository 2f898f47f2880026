#include "policy/address_list_builder.h"
#include "policy/setting_set.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

using namespace postern::policy;

namespace {

AddressList list_of(std::string name, std::initializer_list<std::string_view> entries) {
    static const std::string file = "list.txt";
    Mistakes mistakes;
    AddressListBuilder builder(std::move(name), mistakes);
    for (const std::string_view entry : entries)
        builder.add(entry, file, Place{});
    return builder.finish();
}

Address address(std::string_view text) { return *Address::parse(text); }

struct Fixture {
    AddressList banks = list_of("banks", {"bank.example", "*.bank.example"});
    AddressList partners = list_of("partners", {"cfo@partner.example", "bank.example"});

    [[nodiscard]] Setting setting(std::string name, const AddressList& list) const {
        Setting made;
        made.name = std::move(name);
        made.directions = {.inbound = true, .outbound = true, .outbound_marked = false};
        made.address_lists = {&list};
        return made;
    }
};

} // namespace

TEST_CASE("unlisted senders and nobody at all demand nothing") {
    const Fixture lists;
    const Setting setting = lists.setting("s", lists.banks);
    const SettingSet set({&setting}, Direction::inbound);
    const std::vector<Address> from{address("a@other.example"), address("a@evil-bank.example")};
    const Requirement requirement = set.requirement(from, Marked::no);
    CHECK(requirement.enforced.required == Required{});
    CHECK(requirement.enforced.matches.empty());
    CHECK(requirement.enforced.met_by(Achieved{}));
    CHECK(set.requirement({}, Marked::no).enforced.matches.empty());
    const Address nobody;
    CHECK(set.requirement({&nobody, 1}, Marked::no).enforced.matches.empty());
}

TEST_CASE("any mailbox of several counts, and the entry that matched is told") {
    const Fixture lists;
    const Setting setting = lists.setting("s", lists.banks);
    const SettingSet set({&setting}, Direction::inbound);
    const std::vector<Address> from{address("a@other.example"), address("a@mail.bank.example")};
    const Requirement requirement = set.requirement(from, Marked::no);
    CHECK(requirement.enforced.required ==
          Required{.demand = Demand::tls, .floor = TlsVersion::tls_1_2});
    REQUIRE(requirement.enforced.matches.size() == 1);
    CHECK(requirement.enforced.matches.front() ==
          Match{.setting = &setting, .list = &lists.banks, .entry = "*.bank.example"});
}

TEST_CASE("the strictest of all that match counts, in whatever order they stand") {
    const Fixture lists;
    Setting modern = lists.setting("modern", lists.banks);
    modern.minimum_tls_version = TlsVersion::tls_1_3;
    Setting trusted = lists.setting("trusted", lists.partners);
    trusted.require_trusted_certificate = true;
    const Setting plain = lists.setting("plain", lists.banks);
    std::vector<const Setting*> order{&modern, &plain, &trusted};
    std::ranges::sort(order);
    const Address bank = address("a@bank.example");
    do {
        const SettingSet set(order, Direction::outbound);
        const Requirement requirement = set.requirement({&bank, 1}, Marked::no);
        CHECK(requirement.enforced.required ==
              Required{.demand = Demand::tls_trusted, .floor = TlsVersion::tls_1_3});
        CHECK(set.strictest() == requirement.enforced.required);
        REQUIRE(requirement.enforced.matches.size() == 3);
        for (std::size_t index = 0; index < 3; ++index)
            CHECK(requirement.enforced.matches[index].setting == order[index]);
    } while (std::ranges::next_permutation(order).found);
}

TEST_CASE("certificates are not demanded inbound") {
    const Fixture lists;
    Setting setting = lists.setting("s", lists.banks);
    setting.require_trusted_certificate = true;
    setting.validate_certificate_hostname = true;
    const SettingSet inbound({&setting}, Direction::inbound);
    const SettingSet outbound({&setting}, Direction::outbound);
    CHECK(inbound.strictest().demand == Demand::tls);
    CHECK(outbound.strictest().demand == Demand::tls_trusted_host);
}

TEST_CASE("settings in report mode are told and demand nothing") {
    const Fixture lists;
    Setting reported = lists.setting("reported", lists.banks);
    reported.mode = Mode::report;
    reported.minimum_tls_version = TlsVersion::tls_1_3;
    reported.refuse_at_mail = true;
    const Setting enforced = lists.setting("enforced", lists.partners);
    const SettingSet set({&reported, &enforced}, Direction::inbound);
    CHECK(set.strictest().floor == TlsVersion::tls_1_2);

    const Address bank = address("a@mail.bank.example");
    const Requirement requirement = set.requirement({&bank, 1}, Marked::no);
    CHECK(requirement.enforced.matches.empty());
    CHECK(requirement.enforced.met_by(Achieved{}));
    REQUIRE(requirement.reported.matches.size() == 1);
    CHECK_FALSE(requirement.reported.met_by(
        Achieved{.level = Demand::tls, .version = TlsVersion::tls_1_2}));
    CHECK_FALSE(set.refusal_at_mail(bank));
}

TEST_CASE("a setting for marked mail demands only of mail that is marked") {
    const Fixture lists;
    Setting setting = lists.setting("s", lists.banks);
    setting.directions = {.inbound = false, .outbound = false, .outbound_marked = true};
    const SettingSet set({&setting}, Direction::outbound);
    const Address bank = address("a@bank.example");
    CHECK(set.requirement({&bank, 1}, Marked::no).enforced.required.demand == Demand::none);
    CHECK(set.requirement({&bank, 1}, Marked::yes).enforced.required.demand == Demand::tls);
}

TEST_CASE("mail is kept for retry only if every matching setting says so") {
    const Fixture lists;
    Setting retry = lists.setting("retry", lists.banks);
    retry.on_tls_failure = OnTlsFailure::retry;
    const Setting bounce = lists.setting("bounce", lists.partners);
    const Address bank = address("a@bank.example");
    const Address mail = address("a@mail.bank.example");
    for (const auto& order : {std::vector<const Setting*>{&retry, &bounce}, {&bounce, &retry}}) {
        const SettingSet set(order, Direction::outbound);
        CHECK(set.requirement({&mail, 1}, Marked::no).enforced.on_tls_failure ==
              OnTlsFailure::retry);
        CHECK(set.requirement({&bank, 1}, Marked::no).enforced.on_tls_failure ==
              OnTlsFailure::bounce);
    }
    const SettingSet twice({&retry, &retry}, Direction::outbound);
    CHECK(twice.requirement({&bank, 1}, Marked::no).enforced.on_tls_failure == OnTlsFailure::retry);
}

TEST_CASE("the envelope sender is refused at MAIL by a setting that says so, and no other") {
    const Fixture lists;
    Setting early = lists.setting("early", lists.partners);
    early.refuse_at_mail = true;
    const Setting late = lists.setting("late", lists.banks);
    const SettingSet set({&late, &early}, Direction::inbound);
    const auto refusal = set.refusal_at_mail(address("CFO@partner.example"));
    REQUIRE(refusal);
    CHECK(refusal->setting == &early);
    CHECK(refusal->entry == "cfo@partner.example");
    CHECK_FALSE(set.refusal_at_mail(address("a@mail.bank.example")));
    CHECK_FALSE(set.refusal_at_mail(address("x@partner.example")));
    CHECK_FALSE(set.refusal_at_mail(Address()));
}
