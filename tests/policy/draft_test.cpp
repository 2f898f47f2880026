#include "policy/draft.h"

#include <catch2/catch.hpp>

#include <string>

using namespace postern::policy;

namespace {

struct Reading {
    Draft draft;
    Mistakes mistakes;
};

Reading read(const std::string& text) {
    Reading reading;
    const auto document = Document::parse(text, "dir/policy.toml");
    REQUIRE(document);
    document->read(reading.mistakes, [&](Table& root) { read_draft(root, reading.draft); });
    return reading;
}

const std::string setting_head = "[[tls_compliance]]\nname = \"s\"\n";
const std::string setting_full = setting_head + "address_lists = [\"l\"]\n";
const std::string inbound = "directions = [\"inbound\"]\n";
const std::string outbound = "directions = [\"outbound\"]\n";
const std::string route_head = "[[route]]\nname = \"r\"\n";

} // namespace

TEST_CASE("a setting has defaults for all but its directions and lists") {
    const Reading reading = read(setting_full + outbound);
    REQUIRE(reading.mistakes.empty());
    const Setting& setting = reading.draft.settings.front().values;
    CHECK(setting.required(Direction::outbound) ==
          Required{.demand = Demand::tls, .floor = TlsVersion::tls_1_2});
    CHECK(setting.mode == Mode::enforce);
    CHECK(setting.on_tls_failure == OnTlsFailure::bounce);
    CHECK_FALSE(setting.refuse_at_mail);
    CHECK(setting.directions.outbound);
    CHECK_FALSE(setting.directions.inbound);
    CHECK_FALSE(setting.directions.outbound_marked);
}

TEST_CASE("the host name is validated as the certificate is, unless said otherwise") {
    const auto [keys, demand] = GENERATE(table<std::string, Demand>({
        {"", Demand::tls},
        {"require_trusted_certificate = false\n", Demand::tls},
        {"require_trusted_certificate = true\n", Demand::tls_trusted_host},
        {"require_trusted_certificate = true\nvalidate_certificate_hostname = true\n",
         Demand::tls_trusted_host},
        {"require_trusted_certificate = true\nvalidate_certificate_hostname = false\n",
         Demand::tls_trusted},
    }));
    const Reading reading = read(setting_full + outbound + keys);
    CHECK(reading.mistakes.empty());
    const Setting& setting = reading.draft.settings.front().values;
    CHECK(setting.required(Direction::outbound).demand == demand);
    CHECK(setting.required(Direction::inbound).demand == Demand::tls);

    const Reading route = read(route_head + "hosts = [\"h\"]\ntls = \"require\"\n" + keys);
    CHECK(route.mistakes.empty());
    CHECK(route.draft.routes.front().values.demand() == demand);
}

TEST_CASE("every value of a setting is read") {
    const Reading reading = read(setting_head + R"(description = "why"
organization = "o"
directions = ["inbound", "outbound-marked"]
address_lists = ["a", "b"]
minimum_tls_version = "1.3"
refuse_at_mail = true
on_tls_failure = "retry"
mode = "report"
)");
    CHECK(reading.mistakes.empty());
    const SettingDraft& draft = reading.draft.settings.front();
    CHECK(draft.name.value == "s");
    CHECK(draft.organization.value == "o");
    CHECK(draft.address_lists.size() == 2);
    CHECK(draft.values.description == "why");
    CHECK(draft.values.minimum_tls_version == TlsVersion::tls_1_3);
    CHECK(draft.values.refuse_at_mail);
    CHECK(draft.values.on_tls_failure == OnTlsFailure::retry);
    CHECK(draft.values.mode == Mode::report);
    CHECK(draft.values.directions.outbound_marked);
}

TEST_CASE("a setting that is off needs neither lists nor directions") {
    CHECK(read(setting_head + "mode = \"off\"\n").mistakes.empty());
}

TEST_CASE("host texts, weights and backups are read") {
    const Reading reading = read(
        route_head + "hosts = [\"a.example\", { address = \"[2001:db8::1]:2525\", weight = 3 },\n"
                     "  { address = \"10.0.0.1:26\", backup = true }]\n"
                     "server_name = \"Mail.Example\"\nannounce_client = \"xclient\"\n");
    CHECK(reading.mistakes.empty());
    const Route& route = reading.draft.routes.front().values;
    REQUIRE(route.hosts.size() == 3);
    CHECK(route.hosts[0] ==
          RouteHost{.address = "a.example", .port = 25, .weight = 1, .backup = false});
    CHECK(route.hosts[1] ==
          RouteHost{.address = "2001:db8::1", .port = 2525, .weight = 3, .backup = false});
    CHECK(route.hosts[2] ==
          RouteHost{.address = "10.0.0.1", .port = 26, .weight = 1, .backup = true});
    CHECK(route.server_name == "mail.example");
    CHECK(route.announce_client == AnnounceClient::xclient);
    CHECK_FALSE(route.tls_required);
}

TEST_CASE("lists name their files relative to the file they are named in") {
    const Reading reading =
        read("[[address_list]]\nname = \"l\"\nfile = \"lists/a.txt\"\n"
             "files = [\"b.txt\", \"/c.txt\"]\nsender_authentication = \"ignore\"\n");
    CHECK(reading.mistakes.empty());
    const ListDraft& draft = reading.draft.lists.front();
    REQUIRE(draft.files.size() == 3);
    CHECK(draft.files[0].value == "dir/lists/a.txt");
    CHECK(draft.files[1].value == "dir/b.txt");
    CHECK(draft.files[2].value == "/c.txt");
}

TEST_CASE("a value that cannot be meant is a mistake at its place") {
    const auto [text, mistake] = GENERATE(table<std::string, std::string>({
        {"[[organization]]\n", "1:1: name is missing"},
        {"[[organization]]\nname = \"\"\n", "2:8: name must not be empty"},
        {"[[organization]]\nname = \"a\\nb\"\n", "2:8: name must not contain control characters"},
        {"[[organization]]\nname = \"" + std::string(101, 'n') + "\"\n",
         "2:8: name must not be longer than 100 bytes"},
        {"[[organization]]\nname = \"a\"\ndomains = [1]\n", "3:12: an item of domains must be"},
        {"[[address_list]]\nname = \"l\"\n", "2:8: the list has neither entries nor file"},
        {"[[address_list]]\nname = \"l\"\nentries = []\nsender_authentication = \"exempt\"\n",
         "4:25: sender_authentication is not supported yet"},
        {"[[address_list]]\nname = \"l\"\nentries = []\nsender_authentication = \"refuse\"\n",
         "4:25: sender_authentication is not supported yet"},
        {setting_full, "2:8: directions is missing"},
        {setting_full + "directions = []\n", "4:14: directions must not be empty"},
        {setting_head + inbound, "2:8: address_lists is missing"},
        {setting_head + inbound + "address_lists = []\n", "4:17: address_lists must not be empty"},
        {setting_full + outbound + "validate_certificate_hostname = true\n",
         "5:33: validate_certificate_hostname needs require_trusted_certificate"},
        {setting_full + inbound + "minimum_tls_version = \"1.4\"\n", "5:23: \"1.4\" is not known"},
        {setting_full + inbound + "mode = \"on\"\n", "5:8: \"on\" is not known"},
        {"[[routing]]\nname = \"x\"\nrequire_secure_transport = true\nheader = { name = \"S\" }\n",
         "4:10: contains is missing"},
        {route_head, "2:8: the route has no hosts"},
        {route_head + "hosts = []\n", "3:9: hosts must not be empty"},
        {route_head + "hosts = [\"a:99999\"]\n", "3:10: \"99999\" is no port"},
        {route_head + "hosts = [\"a\", \"A:25\"]\n", "3:15: a port 25 is given twice"},
        {route_head + "hosts = [{ address = \"a\", weight = 0 }]\n", "3:36: weight must be"},
        {route_head + "hosts = [{ address = \"a\", weight = 1001 }]\n", "3:36: weight must be"},
        {route_head + "hosts = [{ weight = 2 }]\n", "3:10: address is missing"},
        {route_head + "mx = true\n", "3:6: delivery by MX is not supported yet; name hosts"},
        {route_head + "hosts = [\"a\"]\nrequire_trusted_certificate = true\n",
         "4:31: require_trusted_certificate needs tls = \"require\""},
        {route_head + "hosts = [\"a\"]\ntls = \"require\"\nvalidate_certificate_hostname = true\n",
         "5:33: validate_certificate_hostname needs require_trusted_certificate"},
        {route_head + "hosts = [\"a\"]\nserver_name = \"a..b\"\n",
         "4:15: \"a..b\" is no host name"},
        {route_head + "hosts = [\"a\"]\nserver_name = \"[192.0.2.1]\"\n",
         "4:15: \"[192.0.2.1]\" is no host name"},
    }));
    INFO(text);
    const Reading reading = read(text);
    CHECK(reading.mistakes.errors() == 1);
    CHECK_THAT(reading.mistakes.text(), Catch::StartsWith("dir/policy.toml:" + mistake));
}

TEST_CASE("a value without effect is a warning at its place") {
    const auto [text, warning] = GENERATE(table<std::string, std::string>({
        {setting_full + inbound + "require_trusted_certificate = true\n",
         "5:31: warning: no effect"},
        {setting_full + outbound + "refuse_at_mail = true\n", "5:18: warning: no effect"},
        {setting_full + "directions = [\"outbound\", \"outbound-marked\"]\n",
         "4:14: warning: outbound includes outbound-marked"},
        {"[[routing]]\nname = \"x\"\n", "2:8: warning: no effect"},
        {route_head + "hosts = [{ address = \"a\", backup = true }]\n",
         "3:9: warning: every host is a backup"},
    }));
    INFO(text);
    const Reading reading = read(text);
    CHECK(reading.mistakes.errors() == 0);
    CHECK_THAT(reading.mistakes.text(), Catch::StartsWith("dir/policy.toml:" + warning));
}
