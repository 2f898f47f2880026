#include "gateway/dns/resolver.h"

#include <catch2/catch.hpp>

#include <set>

#include "tests/gateway/awaited.h"
#include "tests/gateway/dns/name_server.h"

namespace postern::dns {
namespace {

using Names = std::vector<std::string>;

ResolverSettings settings(std::uint64_t seed = 1) {
    return {.ourselves = {.hostname = "us.example",
                          .networks = {gateway::Network::parse("192.0.2.25").value()}},
            .wait = io::test::patience,
            .seed = seed};
}

struct Asking {
    explicit Asking(const gateway::DnsSettings& dns, ResolverSettings own = settings())
        : resolver(loop.ring(), Context::open(dns).value(), std::move(own)) {}
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    ~Asking() { loop.run(resolver.stop()); }

    Resolver::Found found(std::string_view domain) {
        return gateway::test::awaited(loop, resolver.mail_hosts(domain));
    }
    // Nothing when there are hosts.
    std::optional<Cause> cause(std::string_view domain) {
        const auto result = found(domain);
        return result ? std::nullopt : std::optional{result.error().cause};
    }

    io::test::Loop loop;
    Resolver resolver;
};

Names names(const Resolver::Found& found) {
    if (!found) return {std::string(text(found.error().cause)) + ", " + found.error().detail};
    Names all;
    for (const MailHost& host : found->hosts) {
        all.push_back(host.name);
    }
    return all;
}

Names addresses(const MailHost& host) {
    Names all;
    for (const gateway::IpAddress& address : host.addresses) {
        all.push_back(address.text());
    }
    return all;
}

TEST_CASE("the hosts of a domain come by preference, with addresses of both families") {
    const test::NameServer server({{"example",
                                    "@ MX 20 second\n@ MX 10 first\n"
                                    "first A 192.0.2.1\nfirst AAAA 2001:db8::1\n"
                                    "second A 192.0.2.2\n"}});
    Asking asking(server.settings());
    const auto found = asking.found("Example.");
    REQUIRE(names(found) == Names{"first.example", "second.example"});
    CHECK(found->origin == Origin::mx);
    CHECK(!found->missing);
    CHECK(found->dnssec == Dnssec::insecure);
    CHECK(found->hosts[0].preference == 10);
    CHECK(addresses(found->hosts[0]) == Names{"2001:db8::1", "192.0.2.1"});
    CHECK(addresses(found->hosts[1]) == Names{"192.0.2.2"});
}

TEST_CASE("equal hosts come in an order that changes with the seed and from search to search") {
    const test::NameServer server(
        {{"example", "@ MX 10 a\n@ MX 10 b\na A 192.0.2.1\nb A 192.0.2.2\n"}});
    const auto orders = [&](std::uint64_t seed) {
        Asking asking(server.settings(), settings(seed));
        std::vector<Names> seen;
        for (int search = 0; search < 40; ++search) {
            seen.push_back(names(asking.found("example")));
        }
        return seen;
    };
    const auto one = orders(7);
    CHECK(std::set(one.begin(), one.end()).size() == 2);
    CHECK(orders(7) == one);
    CHECK(orders(8) != one);
}

TEST_CASE("a domain without MX is its own mail host, through CNAMEs too") {
    const test::NameServer server({{"example",
                                    "plain A 192.0.2.1\n"
                                    "alias CNAME plain\n"
                                    "listed MX 10 plain\n"
                                    "www CNAME listed\n"
                                    "odd MX 10 alias\n"}});
    Asking asking(server.settings());
    const auto plain = asking.found("plain.example");
    REQUIRE(names(plain) == Names{"plain.example"});
    CHECK(plain->origin == Origin::implicit);
    CHECK(addresses(plain->hosts[0]) == Names{"192.0.2.1"});

    const auto alias = asking.found("alias.example");
    REQUIRE(names(alias) == Names{"alias.example"});
    CHECK(addresses(alias->hosts[0]) == Names{"192.0.2.1"});

    CHECK(names(asking.found("www.example")) == Names{"plain.example"});
    // RFC 2181 10.3 forbids it, and it is there.
    CHECK(names(asking.found("odd.example")) == Names{"alias.example"});
}

TEST_CASE("one host can be asked for by its name, whatever MX records that has") {
    const test::NameServer server({{"example", "a MX 10 b\na A 192.0.2.1\nb A 192.0.2.2\n"}});
    Asking asking(server.settings());
    const auto host = [&](std::string_view name) {
        return gateway::test::awaited(asking.loop, asking.resolver.host(name));
    };
    const auto found = host("A.example.");
    REQUIRE(names(found) == Names{"a.example"});
    CHECK(addresses(found->hosts[0]) == Names{"192.0.2.1"});
    CHECK(host("absent.example").error().cause == Cause::no_host);
    CHECK(host("a b").error().cause == Cause::malformed);
}

TEST_CASE("each way in which a domain takes no mail has its cause") {
    const test::NameServer server({{"example",
                                    "null MX 0 .\n"
                                    "text TXT hello\n"
                                    "dangling MX 10 none\n"
                                    "dangling MX 20 text\n"
                                    "address MX 10 192.0.2.1.\n"
                                    "itself MX 10 itself\n"
                                    "wild MX 10 a\\000\\255b\n"
                                    "wild MX 10 a\\.b\n"
                                    "a.b A 192.0.2.1\n"
                                    "nobody MX 10 zero\n"
                                    "zero A 0.0.0.0\n"
                                    "zero AAAA ff02::1\n"
                                    "lost CNAME none\n"}});
    Asking asking(server.settings());
    struct Row {
        std::string_view domain;
        Cause cause;
    };
    for (const Row& row : {Row{"null.example", Cause::null_mx},
                           Row{"none.example", Cause::no_such_domain},
                           Row{"lost.example", Cause::no_such_domain},
                           Row{"text.example", Cause::no_host},
                           Row{"dangling.example", Cause::unusable},
                           Row{"address.example", Cause::unusable},
                           Row{"itself.example", Cause::unusable},
                           Row{"wild.example", Cause::unusable},
                           Row{"nobody.example", Cause::unusable},
                           Row{"a..example", Cause::malformed},
                           Row{"", Cause::malformed},
                           Row{"192.0.2.1", Cause::malformed},
                           Row{"[192.0.2]", Cause::malformed}}) {
        CAPTURE(row.domain);
        CHECK(asking.cause(row.domain) == row.cause);
    }
}

TEST_CASE("one usable host among strange ones is enough") {
    const test::NameServer server({{"example",
                                    "@ MX 0 .\n@ MX 5 192.0.2.1.\n@ MX 5 a\\000b\n@ MX 6 none\n"
                                    "@ MX 10 @\n@ A 192.0.2.1\n"}});
    Asking asking(server.settings());
    CHECK(names(asking.found("example")) == Names{"example"});
}

TEST_CASE("a circle of CNAMEs and a server that fails are passing failures") {
    const test::NameServer server(
        {{"example", "one CNAME two\ntwo CNAME one\nhost MX 10 one\n"}, {"broken", ""}});
    Asking asking(server.settings());
    CHECK(asking.cause("one.example") == Cause::server_failed);
    CHECK(asking.cause("host.example") == Cause::server_failed);
    const auto failed = asking.found("broken");
    REQUIRE(!failed);
    CHECK(failed.error().cause == Cause::server_failed);
    CHECK(failed.error().detail == "broken MX: SERVFAIL");
}

TEST_CASE("a host whose addresses cannot be had now is left out while others can") {
    const test::NameServer server({{"example",
                                    "some MX 10 mx.broken.\nsome MX 20 good\ngood A 192.0.2.1\n"
                                    "bad MX 10 mx.broken.\nbad MX 20 none\n"
                                    "half MX 10 good\nhalf MX 20 none\n"
                                    "backup MX 10 mx.broken.\nbackup MX 20 ours\n"
                                    "ours A 192.0.2.25\n"},
                                   {"broken", ""}});
    Asking asking(server.settings());
    const auto some = asking.found("some.example");
    REQUIRE(names(some) == Names{"good.example"});
    REQUIRE(some->missing); // it may be had later, and be the better one
    CHECK(some->missing->cause == Cause::server_failed);
    CHECK(some->missing->detail.starts_with("mx.broken"));
    REQUIRE(some->left_out.size() == 1);
    CHECK(some->left_out[0].name == "mx.broken");
    CHECK(some->left_out[0].preference == 10);
    CHECK(some->left_out[0].failure.cause == Cause::server_failed);
    const auto half = asking.found("half.example");
    REQUIRE(names(half) == Names{"good.example"});
    CHECK_FALSE(half->missing);
    REQUIRE(half->left_out.size() == 1);
    CHECK(half->left_out[0].name == "none.example");
    CHECK(half->left_out[0].failure.cause == Cause::no_host);
    CHECK(asking.cause("bad.example") == Cause::server_failed);
    CHECK(asking.cause("backup.example") == Cause::server_failed);
}

TEST_CASE("mail is not sent back to ourselves, nor to those no better") {
    const test::NameServer server({{"example",
                                    "name MX 10 us\nname MX 20 other\n"
                                    "address MX 10 we\naddress MX 10 other\n"
                                    "implicit A 192.0.2.25\n"
                                    "backup MX 5 other\nbackup MX 10 we\nbackup MX 10 more\n"
                                    "us A 192.0.2.9\nwe A 192.0.2.25\nother A 192.0.2.1\n"
                                    "more A 192.0.2.2\n"}});
    Asking asking(server.settings());
    CHECK(asking.cause("name.example") == Cause::loops_back);
    CHECK(asking.cause("address.example") == Cause::loops_back);
    CHECK(asking.cause("implicit.example") == Cause::loops_back);
    CHECK(asking.cause("us.example") == Cause::loops_back);
    CHECK(asking.cause("[192.0.2.25]") == Cause::loops_back);
    CHECK(names(asking.found("backup.example")) == Names{"other.example"});
}

TEST_CASE("hundreds of hosts and addresses are cut to the bounds") {
    std::string zone;
    for (int number = 1; number <= 700; ++number) {
        const std::string text = std::to_string(number);
        zone += "many MX " + text + " h" + text + "\nh" + text + " A 192.0.2.1\n";
        zone += "one A 198.51." + std::to_string(number / 250) + "." +
                std::to_string(number % 250 + 1) + "\none AAAA 2001:db8::" + text + "\n";
    }
    const test::NameServer server({{"example", zone}});
    Asking asking(server.settings());
    const auto many = names(asking.found("many.example"));
    CHECK(many.size() == hosts_max);
    CHECK(many.front() == "h1.example");
    const auto one = asking.found("one.example");
    REQUIRE(one);
    CHECK(one->hosts[0].addresses.size() == addresses_per_host_max);
}

TEST_CASE("a literal is answered without a question") {
    const test::SilentServer server;
    Asking asking(server.settings());
    const auto found = asking.found("[IPv6:2001:db8::1]");
    REQUIRE(names(found) == Names{"[IPv6:2001:db8::1]"});
    CHECK(addresses(found->hosts[0]) == Names{"2001:db8::1"});
    CHECK(asking.cause("[x]") == Cause::malformed);
    CHECK(!server.was_asked());
}

TEST_CASE("a silent server ends a search when its time is up") {
    const test::SilentServer server;
    ResolverSettings own = settings();
    own.wait = io::Duration{50};
    Asking asking(server.settings(), own);
    CHECK(asking.cause("example") == Cause::timed_out);
    CHECK(server.was_asked());
}

TEST_CASE("stopping ends a search") {
    const test::SilentServer server;
    Asking asking(server.settings());
    std::optional<Resolver::Found> found;
    asking.loop.spawn(gateway::test::keep(asking.resolver.mail_hosts("example"), found));
    CHECK(!found);
    asking.loop.run(asking.resolver.stop());
    REQUIRE(found);
    REQUIRE(!*found);
    CHECK(found->error().cause == Cause::cancelled);
    CHECK(asking.cause("example") == Cause::cancelled);
}

TEST_CASE("what was found is remembered without the server") {
    test::NameServer server({{"example", "@ MX 10 mx\nmx A 192.0.2.1\nmx AAAA 2001:db8::1\n"}});
    Asking asking(server.settings());
    CHECK(names(asking.found("example")) == Names{"mx.example"});
    server.stop();
    CHECK(names(asking.found("example")) == Names{"mx.example"});
}

TEST_CASE("a name server that strips signatures costs nobody mail, unless that was asked for") {
    const test::NameServer signs({{".", "ns A 127.0.0.1\n"}}, test::NameServer::Sign::root);
    const test::NameServer strips({{".",
                                    "ns A 127.0.0.1\n"
                                    "example MX 10 mx.example\nmx.example A 192.0.2.1\n"}});
    gateway::DnsSettings settings = strips.settings();
    settings.trust_anchor = signs.validating().trust_anchor;
    Asking asking(settings);
    const auto found = asking.found("example");
    REQUIRE(names(found) == Names{"mx.example"});
    CHECK(found->dnssec == Dnssec::insecure);
    CHECK(found->hosts[0].dnssec == Dnssec::insecure);

    settings.refuse_bogus = true;
    Asking strict(settings);
    CHECK(strict.cause("example") == Cause::bogus);
}

TEST_CASE("the DNSSEC status of hosts and addresses is carried, and bogus ones are no hosts") {
    // The root is signed, and says that `insecure` is not and that `bogus` is.
    const test::NameServer server(
        {{".",
          "ns A 127.0.0.1\n"
          "secure MX 10 mx.secure\nmx.secure A 192.0.2.1\n"
          "mixed MX 10 mx.insecure\n"
          "stolen MX 10 mx.bogus\nstolen MX 20 mx.secure\n"
          "null MX 0 .\n"
          "insecure NS ns\n"
          "bogus NS ns\n"
          "bogus DS 4711 13 2 "
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"},
         {"insecure", "@ MX 10 mx\nmx A 192.0.2.2\n"},
         {"bogus", "@ MX 10 mx\nmx A 192.0.2.3\n"}},
        test::NameServer::Sign::root);
    gateway::DnsSettings strict = server.validating();
    strict.refuse_bogus = true;
    Asking asking(strict);

    const auto secure = asking.found("secure");
    REQUIRE(names(secure) == Names{"mx.secure"});
    CHECK(secure->dnssec == Dnssec::secure);
    CHECK(secure->hosts[0].dnssec == Dnssec::secure);

    const auto insecure = asking.found("insecure");
    REQUIRE(names(insecure) == Names{"mx.insecure"});
    CHECK(insecure->dnssec == Dnssec::insecure);
    CHECK(insecure->hosts[0].dnssec == Dnssec::insecure);

    const auto mixed = asking.found("mixed");
    REQUIRE(names(mixed) == Names{"mx.insecure"});
    CHECK(mixed->dnssec == Dnssec::secure);
    CHECK(mixed->hosts[0].dnssec == Dnssec::insecure);

    const auto bogus = asking.found("bogus");
    REQUIRE(!bogus);
    CHECK(bogus.error().cause == Cause::bogus);
    CHECK(bogus.error().detail.starts_with("bogus MX: "));
    CHECK(names(asking.found("stolen")) == Names{"mx.secure"});

    CHECK(asking.cause("null") == Cause::null_mx);
    CHECK(asking.cause("none") == Cause::no_such_domain);

    // What is proved is so whoever believes the rest.
    Asking lenient(server.validating());
    CHECK(lenient.found("secure")->dnssec == Dnssec::secure);
    CHECK(names(lenient.found("bogus")) == Names{"mx.bogus"});
    CHECK(lenient.found("bogus")->dnssec == Dnssec::insecure);

    // Without an anchor nothing is believed, and nothing refused.
    Asking trusting(server.settings());
    CHECK(names(trusting.found("bogus")) == Names{"mx.bogus"});
    CHECK(trusting.found("secure")->dnssec == Dnssec::insecure);
}

} // namespace
} // namespace postern::dns
