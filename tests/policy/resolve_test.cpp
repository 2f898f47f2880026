#include "policy/load.h"
#include "policy/resolve.h"

#include <catch2/catch.hpp>

#include <string>

using namespace postern::policy;

namespace {

// Through the loader: a draft is nothing that people write.
std::string mistakes_of(const std::string& text) { return load_text(text).mistakes.text(); }

const std::string route = "[[route]]\nname = \"r\"\ndomains = [\"*\"]\nhosts = [\"h.example\"]\n";
const std::string list = "[[address_list]]\nname = \"l\"\nentries = [\"a.example\"]\n";

std::string organization(const std::string& name, const std::string& keys) {
    return "[[organization]]\nname = \"" + name + "\"\n" + keys + "\n";
}

std::string setting(const std::string& name, const std::string& keys) {
    return "[[tls_compliance]]\nname = \"" + name +
           "\"\ndirections = [\"inbound\"]\naddress_lists = [\"l\"]\n" + keys + "\n";
}

} // namespace

TEST_CASE("a domain of ours without a route is a mistake for those who take its mail") {
    const auto [keys, mistake] = GENERATE(table<std::string, std::string>({
        {"domains = [\"x.example\"]", "3:12: no route has the domain x.example\n"},
        {"addresses = [\"u@x.example\"]", "3:14: no route has the domain x.example\n"},
    }));
    const Loaded loaded = load_text(organization("a", keys));
    CHECK(loaded.snapshot);
    CHECK(loaded.mistakes.empty());
    CHECK(loaded.unrouted.text() == "policy.toml:" + mistake);
    CHECK(load_text(organization("a", keys) + route).unrouted.empty());
}

TEST_CASE("what does not fit together is told at its place") {
    const auto [text, mistake] = GENERATE(table<std::string, std::string>({
        {organization("a", "") + organization("a", ""),
         "5:8: organization \"a\" exists already, at policy.toml:2"},
        {organization("alpha", "") + organization("b", "parent = \"alhpa\""),
         "6:10: there is no organization \"alhpa\"; did you mean \"alpha\"?"},
        {organization("a", "parent = \"a\""),
         "3:10: the organization \"a\" would be its own ancestor"},
        {organization("a", "parent = \"b\"") + organization("b", "parent = \"c\"") +
             organization("c", "parent = \"a\""),
         "9:10: the organization \"c\" would be its own ancestor"},
        {route + organization("a", "domains = [\"x.example\"]") +
             organization("b", "domains = [\"X.example.\"]"),
         "10:12: x.example belongs to the organization \"a\", policy.toml:7 already"},
        {route + organization("a", "addresses = [\"u@x.example\"]") +
             organization("b", "addresses = [\"U@x.example\"]"),
         "10:14: u@x.example belongs to the organization \"a\", policy.toml:7 already"},
        {organization("a", "domains = [\"*.x.example\"]"), "3:12: \"*.x.example\" is no domain"},
        {organization("a", "domains = [\"*\"]"), "3:12: \"*\" is no domain"},
        {organization("a", "addresses = [\"x.example\"]"),
         "3:14: \"x.example\" is no address: it has no \"@\""},
        {route + route, "6:8: route \"r\" exists already, at policy.toml:2"},
        {"[[route]]\nname = \"r\"\ndomains = [\"*.x.example\"]\nhosts = [\"h\"]\n",
         "3:12: \"*.x.example\" is no domain"},
        {route + "[[route]]\nname = \"s\"\ndomains = [\"*\"]\nhosts = [\"h\"]\n",
         "7:12: * belongs to the route \"r\", policy.toml:3 already"},
        {list + list, "5:8: list \"l\" exists already, at policy.toml:2"},
        {list + setting("s", "") + setting("s", ""),
         "10:8: setting \"s\" exists already, at policy.toml:5"},
        {list + setting("s", "organization = \"x\""), "8:16: there is no organization \"x\""},
        {setting("s", ""), "4:18: there is no list \"l\""},
        {"[[routing]]\nname = \"x\"\nroute = \"r\"\n", "3:9: there is no route \"r\""},
        {"[[routing]]\nname = \"x\"\nroute = \"\"\nsenders = [\"\"]\n",
         "4:12: the name of a list is empty"},
    }));
    INFO(text);
    CHECK_FALSE(load_text(text).snapshot);
    CHECK_THAT(mistakes_of(text), Catch::Contains("policy.toml:" + mistake));
}

TEST_CASE("a cycle of organizations is told once, and what hangs on it not at all") {
    const Loaded loaded =
        load_text(organization("a", "parent = \"b\"") + organization("b", "parent = \"a\"") +
                  organization("c", "parent = \"a\""));
    CHECK(loaded.mistakes.errors() == 1);
}

TEST_CASE("the same name is fine for settings of different organizations") {
    const Loaded loaded =
        load_text(list + organization("a", "") + organization("b", "parent = \"a\"") +
                  setting("s", "") + setting("s", "organization = \"a\"") +
                  setting("s", "organization = \"b\"\nmode = \"off\""));
    INFO(loaded.mistakes.text());
    CHECK(loaded.snapshot);
    CHECK(loaded.mistakes.empty());
}

TEST_CASE("what has no effect is a warning") {
    const auto [text, warning] = GENERATE(table<std::string, std::string>({
        {list, "2:8: warning: nothing uses the list \"l\""},
        {list + "[[tls_compliance]]\nname = \"s\"\ndirections = [\"outbound-marked\"]\n"
                "address_lists = [\"l\"]\n",
         "5:8: warning: outbound-marked has no effect"},
        {"[[address_list]]\nname = \"l\"\nentries = []\n" + setting("s", ""),
         "2:8: warning: the list \"l\" has no entries"},
        {list + setting("s", "refuse_at_mail = true") +
             "[[tls_compliance]]\nname = \"t\"\ndirections = [\"outbound\"]\n"
             "address_lists = [\"l\", \"l\"]\n",
         "12:23: warning: \"l\" is given twice"},
    }));
    INFO(text);
    const Loaded loaded = load_text(text);
    CHECK(loaded.snapshot);
    CHECK_THAT(loaded.mistakes.text(), Catch::Contains("policy.toml:" + warning));
}

TEST_CASE("a rule or a route that demands secure transport gives marked settings their effect") {
    const std::string marked = list +
                               "[[tls_compliance]]\nname = \"s\"\n"
                               "directions = [\"outbound-marked\"]\naddress_lists = [\"l\"]\n";
    CHECK(mistakes_of(marked + route + "tls = \"require\"\n").empty());
    CHECK(mistakes_of(marked + "[[routing]]\nname = \"x\"\nrequire_secure_transport = true\n")
              .empty());
    CHECK_FALSE(mistakes_of(marked + route).empty());
}

TEST_CASE("routing rules keep their words, lists and route") {
    const Loaded loaded =
        load_text(list + route +
                  "[[routing]]\nname = \"x\"\nsenders = [\"l\"]\nrecipients = [\"l\"]\n"
                  "header = { name = \"Subject\", contains = \"[secure]\" }\n"
                  "require_secure_transport = true\nroute = \"r\"\n");
    INFO(loaded.mistakes.text());
    REQUIRE(loaded.snapshot);
    const RoutingRule& rule = *loaded.snapshot->routing().front();
    CHECK(rule.name == "x");
    CHECK(rule.senders.front()->name() == "l");
    CHECK(rule.recipients.front()->name() == "l");
    REQUIRE(rule.header);
    CHECK(rule.header->name == "Subject");
    CHECK(rule.header->contains == "[secure]");
    CHECK(rule.require_secure_transport);
    CHECK(rule.route == loaded.snapshot->route_named("r"));
}
