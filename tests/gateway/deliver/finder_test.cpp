#include "gateway/deliver/finder.h"

#include <catch2/catch.hpp>

#include <set>

#include "tests/gateway/deliver/post_office.h"
#include "tests/gateway/dns/name_server.h"

namespace postern::deliver::test {
namespace {

using Found = std::expected<Destination, Outcome>;

std::unique_ptr<dns::Resolver>
asking(PostOffice& post, const gateway::DnsSettings& settings, dns::Ourselves ourselves = {}) {
    return std::make_unique<dns::Resolver>(
        post.loop().ring(),
        dns::Context::open(settings).value(),
        dns::ResolverSettings{.ourselves = std::move(ourselves)});
}

// Finds the way of a recipient under the rules of a post office.
struct Searching {
    PostOffice post;
    Finder::Random random{1};

    explicit Searching(std::string_view rules = "") {
        post.rules = rules;
        post.settings.delivery.port = 2525;
        post.adopt();
    }
    ~Searching() { ask(nullptr); }
    Searching(const Searching&) = delete;
    Searching& operator=(const Searching&) = delete;

    void ask(std::unique_ptr<dns::Resolver> resolver) {
        std::swap(resolver_, resolver);
        post.office.resolver = resolver_.get();
        if (resolver) post.loop().run(resolver->stop());
    }
    // The question leaves on the resolver's own thread, which wakes no loop.
    void until_asked(const dns::test::SilentServer& server) {
        while (!server.was_asked()) {
            post.loop().turn_for(io::Duration{1});
        }
    }
    Found find(std::string_view recipient) {
        return gateway::test::awaited(post.loop(), search(recipient));
    }
    io::Task<Found> search(std::string_view recipient) {
        const gateway::PolicyReference policy = post.policy.take();
        spool::Message message;
        message.recipients.push_back({.envelope = to(recipient), .next = post.time});
        const auto courses = courses_of(policy.snapshot(), message, "", post.time);
        Finder finder{post.office, policy.configuration(), random};
        co_return co_await finder.find(courses.at(0));
    }

private:
    std::unique_ptr<dns::Resolver> resolver_;
};

Lines hosts(const Way& way) {
    Lines all;
    for (const Host& host : way.hosts) {
        all.push_back(host.name + " " + host.endpoint.text());
    }
    return all;
}

} // namespace

TEST_CASE("a domain leads to its mail hosts, all their addresses, on the port of the settings") {
    const dns::test::NameServer server({{"example",
                                         "one MX 20 second\none MX 10 first\n"
                                         "first A 192.0.2.1\nfirst AAAA 2001:db8::1\n"
                                         "second A 192.0.2.2\n"
                                         "null MX 0 .\n"}});
    Searching searching;
    searching.ask(asking(searching.post, server.settings()));
    const Found found = searching.find("a@one.example");
    REQUIRE(found);
    CHECK(hosts(found->way) == Lines{"first.example [2001:db8::1]:2525",
                                     "first.example 192.0.2.1:2525",
                                     "second.example 192.0.2.2:2525"});
    CHECK(found->way.required == policy::Required{});
    CHECK_FALSE(found->alternate);

    const Found null = searching.find("a@null.example");
    REQUIRE_FALSE(null);
    CHECK(null.error().disposition == Disposition::failed);
    CHECK(null.error().cause == Cause::takes_no_mail);
    CHECK(status(null.error()) == "5.1.10");
    const Found nowhere = searching.find("a@nowhere.example");
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().disposition == Disposition::failed);
    CHECK(nowhere.error().cause == Cause::no_such_domain);
    CHECK(status(nowhere.error()) == "5.1.2");
}

TEST_CASE("a resolver without an answer is a passing reason, one that is missing is our fault") {
    const dns::test::NameServer server({{"example", ""}});
    Searching searching;
    searching.ask(asking(searching.post, server.settings()));
    const Found failed = searching.find("a@one.example");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().disposition == Disposition::deferred);
    CHECK(failed.error().cause == Cause::unresolved);

    searching.ask(nullptr);
    const Found ours = searching.find("a@one.example");
    REQUIRE_FALSE(ours);
    CHECK(ours.error().disposition == Disposition::deferred);
    CHECK(ours.error().cause == Cause::ours);
}

TEST_CASE("when the resolver is replaced in the middle of a search, the new one is asked") {
    const dns::test::SilentServer silent;
    const dns::test::NameServer server({{"example", "one A 192.0.2.1\n"}});
    Searching searching;
    searching.ask(asking(searching.post, silent.settings()));
    std::optional<Found> found;
    searching.post.loop().spawn(gateway::test::keep(searching.search("a@one.example"), found));
    searching.until_asked(silent);
    searching.ask(asking(searching.post, server.settings()));
    searching.post.until([&] { return found.has_value(); });
    REQUIRE(*found);
    CHECK(hosts((*found)->way) == Lines{"one.example 192.0.2.1:2525"});
}

TEST_CASE("a search that is ended because we stop is no answer of the domain") {
    const dns::test::SilentServer silent;
    Searching searching;
    auto resolver = asking(searching.post, silent.settings());
    searching.post.office.resolver = resolver.get();
    std::optional<Found> found;
    searching.post.loop().spawn(gateway::test::keep(searching.search("a@one.example"), found));
    searching.until_asked(silent);
    searching.post.loop().run(resolver->stop());
    REQUIRE(found);
    REQUIRE_FALSE(*found);
    CHECK(found->error().cause == Cause::ours);
}

TEST_CASE("hosts of a route come by their weights and by chance, backups last") {
    constexpr std::string_view rules = R"(
[[route]]
name = "servers"
domains = ["one.example"]
hosts = [{ address = "192.0.2.1", weight = 3 }, "192.0.2.2:26", { address = "192.0.2.9", backup = true }]
)";
    Searching searching(rules);
    constexpr int searches = 1000;
    int heavy_first = 0;
    for (int search = 0; search < searches; ++search) {
        const Found found = searching.find("a@one.example");
        REQUIRE(found);
        const Lines all = hosts(found->way);
        REQUIRE(all.size() == 3);
        CHECK(std::set(all.begin(), all.end()) == std::set<std::string>{"192.0.2.1 192.0.2.1:25",
                                                                        "192.0.2.2 192.0.2.2:26",
                                                                        "192.0.2.9 192.0.2.9:25"});
        CHECK(all.back() == "192.0.2.9 192.0.2.9:25");
        if (all.front() == "192.0.2.1 192.0.2.1:25") ++heavy_first;
    }
    CHECK(heavy_first > searches * 70 / 100); // of 75
    CHECK(heavy_first < searches * 80 / 100);
}

TEST_CASE("a route's server name is the one to be proved") {
    Searching searching(route("r", "192.0.2.1", "domains = [\"one.example\"]"));
    const Found found = searching.find("a@one.example");
    REQUIRE(found);
    CHECK(hosts(found->way) == Lines{"mx.example.org 192.0.2.1:25"});
}

TEST_CASE("a route none of whose names has an address is a passing reason") {
    Searching searching(route("r", "unknown.example", "domains = [\"one.example\"]"));
    const Found found = searching.find("a@one.example");
    REQUIRE_FALSE(found);
    CHECK(found.error().cause == Cause::unresolved);
    CHECK(found.error().disposition == Disposition::deferred);
}

TEST_CASE("the alternate route is for mail that can fall short, with TLS at least (O12)") {
    const std::string rules =
        setting("banks over TLS") + route("usual", "192.0.2.1", "domains = [\"listed.example\"]") +
        route("others", "192.0.2.3", "domains = [\"*\"]") +
        route("by courier", "192.0.2.2", "domains = [\"safe.example\"]\ntls = \"require\"");
    Searching searching(rules);
    searching.post.settings.delivery.alternate_secure_route = "by courier";
    searching.post.adopt();
    const Found listed = searching.find("a@listed.example");
    REQUIRE(listed);
    CHECK(hosts(listed->way) == Lines{"mx.example.org 192.0.2.1:25"});
    CHECK(listed->way.required.demand == Demand::tls);
    REQUIRE(listed->alternate);
    CHECK(hosts(*listed->alternate) == Lines{"mx.example.org 192.0.2.2:25"});
    CHECK(listed->alternate->required.demand == Demand::tls);
    CHECK_FALSE(searching.find("a@other.example")->alternate); // no demand
    CHECK_FALSE(searching.find("a@safe.example")->alternate);  // goes there anyhow
}

TEST_CASE("mail for our own people goes by DNS where no route is, and waits where that is us") {
    const dns::test::NameServer server({{"example",
                                         "home MX 10 mx.home\nmx.home A 192.0.2.1\n"
                                         "lost MX 10 us\nother MX 10 us\nus A 192.0.2.9\n"}});
    Searching searching{"[[organization]]\nname = \"ours\"\n"
                        "domains = [\"home.example\", \"lost.example\"]\n"};
    searching.ask(
        asking(searching.post, server.settings(), {.hostname = "us.example", .networks = {}}));
    const Found home = searching.find("a@home.example");
    REQUIRE(home);
    CHECK(hosts(home->way) == Lines{"mx.home.example 192.0.2.1:2525"});

    // The fault is ours (O19): a report must not be lost by it.
    const Found lost = searching.find("a@lost.example");
    REQUIRE_FALSE(lost);
    CHECK(lost.error().cause == Cause::ours);
    CHECK(lost.error().disposition == Disposition::deferred);
    CHECK(lost.error().detail.contains("route"));
    const Found other = searching.find("a@other.example");
    REQUIRE_FALSE(other);
    CHECK(other.error().disposition == Disposition::failed);
}

} // namespace postern::deliver::test
