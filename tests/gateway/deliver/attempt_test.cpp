#include "gateway/deliver/attempt.h"

#include <catch2/catch.hpp>

#include "tests/gateway/deliver/hosts.h"

// The outbound check, row by row of COMPLIANCE.md.
namespace postern::deliver::test {
namespace {

using Behind220 = NextHop::Behind220;
using ssl::Version;

// How a host does its TLS.
struct Ways {
    std::string certificate = "ecdsa"; // "": it offers no STARTTLS
    std::string name = "mx.example.org";
    std::string starttls = "220 go";
    Behind220 behind_220 = Behind220::handshake;
    Version newest = Version::tls_1_3;
};

NextHop& host_of(World& world, const Ways& ways) {
    NextHop& server = world.host(ways.certificate, ways.name, ways.newest);
    server.says["STARTTLS"] = ways.starttls;
    server.behind_220 = ways.behind_220;
    if (ways.behind_220 == Behind220::silence)
        world.environment.bounds.handshake = io::Duration{20};
    return server;
}

const Ways good{};
const Ways no_starttls{.certificate = ""};
const Ways refuses_454{.starttls = "454 4.7.0 not now"};
const Ways refuses_501{.starttls = "501 5.5.4 what?"};
const Ways stalls{.behind_220 = Behind220::silence};
const Ways closes{.behind_220 = Behind220::ending};
const Ways adds_bytes{.starttls = "220 go\r\n250 ok"};
const Ways only_1_2{.newest = Version::tls_1_2};

Ways with(const std::string& certificate, const std::string& name = "mx.example.org") {
    return {.certificate = certificate, .name = name};
}

} // namespace

TEST_CASE(
    "what meets the demand is delivered, in TLS wherever it is to be had (O1 to O3, O7 to O9)") {
    struct Row {
        std::string_view rule;
        Ways host;
        Demand demand;
        TlsVersion floor;
        Cause in_clear; // why; none: in TLS
        std::size_t connections;
    };
    const auto none = Demand::none;
    const auto tls = Demand::tls;
    const auto trusted = Demand::tls_trusted;
    const auto named = Demand::tls_trusted_host;
    const auto v2 = TlsVersion::tls_1_2;
    const auto row = GENERATE_COPY(values<Row>({
        {"O1", good, none, v2, Cause::none, 1},
        {"O1", with("self-signed"), none, v2, Cause::none, 1},
        {"O1", with("expired"), none, v2, Cause::none, 1},
        {"O1", with("other-name"), none, v2, Cause::none, 1},
        {"O2", no_starttls, none, v2, Cause::starttls_not_supported, 1},
        {"O2", refuses_454, none, v2, Cause::starttls_not_supported, 1},
        {"O2", stalls, none, v2, Cause::validation_failure, 2},
        {"O2", closes, none, v2, Cause::validation_failure, 2},
        {"O2", adds_bytes, none, v2, Cause::validation_failure, 2},
        {"O3", good, tls, v2, Cause::none, 1},
        {"O3", with("self-signed"), tls, v2, Cause::none, 1},
        {"O3", with("unknown-ca"), tls, v2, Cause::none, 1},
        {"O3", with("expired"), tls, v2, Cause::none, 1},
        {"O3", with("other-name"), tls, v2, Cause::none, 1},
        {"O6", only_1_2, tls, v2, Cause::none, 1},
        {"O6", good, tls, TlsVersion::tls_1_3, Cause::none, 1},
        {"O7", good, trusted, v2, Cause::none, 1},
        {"O9", with("other-name"), trusted, v2, Cause::none, 1},
        {"O9", good, named, v2, Cause::none, 1},
        {"O9", with("ecdsa", "a.mail.example.org"), named, v2, Cause::none, 1},
    }));
    CAPTURE(row.rule, row.host.certificate, row.host.starttls, policy::text(row.demand));
    World world;
    world.require(row.demand, row.floor);
    NextHop& server = host_of(world, row.host);
    const Outcome outcome = world.deliver_one();
    CHECK(outcome.disposition == Disposition::delivered);
    CHECK(outcome.cause == row.in_clear);
    CHECK(outcome.tls.has_value() == (row.in_clear == Cause::none));
    if (outcome.tls) CHECK(world.to.way.required.met_by(outcome.tls->achieved));
    CHECK(status(outcome) == "2.0.0");
    CHECK(outcome.host == row.host.name);
    CHECK(outcome.diagnostic() == "250 2.0.0 ok");
    CHECK(server.connections == row.connections);
    CHECK(server.messages == Lines{"Subject: hello\r\n\r\nhow are you?\r\n"});
}

TEST_CASE("what falls short is refused before MAIL, at once and with its cause (O4 to O9)") {
    struct Row {
        std::string_view rule;
        Ways host;
        Demand demand;
        TlsVersion floor;
        Cause cause;
        std::string_view status;
    };
    const auto tls = Demand::tls;
    const auto trusted = Demand::tls_trusted;
    const auto named = Demand::tls_trusted_host;
    const auto v2 = TlsVersion::tls_1_2;
    const auto missing = Cause::starttls_not_supported;
    const auto invalid = Cause::validation_failure;
    const auto untrusted = Cause::certificate_not_trusted;
    const auto expired = Cause::certificate_expired;
    const auto mismatch = Cause::certificate_host_mismatch;
    const auto row = GENERATE_COPY(values<Row>({
        {"O4", no_starttls, tls, v2, missing, "5.7.10"},
        {"O4", no_starttls, named, v2, missing, "5.7.10"},
        {"O5", refuses_454, tls, v2, missing, "5.7.10"},
        {"O5", refuses_501, trusted, v2, missing, "5.7.10"},
        {"O6", stalls, tls, v2, invalid, "5.7.10"},
        {"O6", closes, tls, v2, invalid, "5.7.10"},
        {"O6", adds_bytes, tls, v2, invalid, "5.7.10"},
        {"O6", only_1_2, tls, TlsVersion::tls_1_3, invalid, "5.7.10"},
        {"O7", with("self-signed"), trusted, v2, untrusted, "5.7.5"},
        {"O7", with("unknown-ca"), trusted, v2, untrusted, "5.7.5"},
        {"O7", with("incomplete"), trusted, v2, untrusted, "5.7.5"},
        {"O7", with("self-signed"), named, v2, untrusted, "5.7.5"},
        {"O8", with("expired"), trusted, v2, expired, "5.7.5"},
        {"O8", with("not-yet-valid"), trusted, v2, expired, "5.7.5"},
        {"O8", with("expired"), named, v2, expired, "5.7.5"},
        {"O9", with("other-name"), named, v2, mismatch, "5.7.5"},
        {"O9", with("common-name-only"), named, v2, mismatch, "5.7.5"},
        {"O9", with("ecdsa", "mail.example.org"), named, v2, mismatch, "5.7.5"},
        {"O9", with("ecdsa", "a.b.mail.example.org"), named, v2, mismatch, "5.7.5"},
    }));
    CAPTURE(row.rule, row.host.certificate, row.host.starttls, policy::text(row.demand));
    World world;
    world.require(row.demand, row.floor);
    NextHop& server = host_of(world, row.host);
    const Outcome outcome = world.deliver_one();
    CHECK(outcome.disposition == Disposition::failed); // O13
    CHECK(outcome.cause == row.cause);
    CHECK(status(outcome) == row.status);
    CHECK(outcome.host == row.host.name);
    CHECK(outcome.address == server.endpoint().text());
    CHECK_FALSE(outcome.diagnostic().empty());
    CHECK(server.connections == 1); // and none in clear
    CHECK_FALSE(heard_verb(server, "MAIL"));
    const bool on_speaking_terms = row.cause != invalid || row.floor == TlsVersion::tls_1_3;
    CHECK(heard_verb(server, "QUIT") == on_speaking_terms);
    CHECK(world.content.readings == 0);
}

TEST_CASE("a host that falls short is passed over, and the next one takes the message") {
    World world;
    world.require(Demand::tls_trusted_host);
    NextHop& short_of_it = world.host("self-signed");
    NextHop& takes_it = world.host();
    const Outcome outcome = world.deliver_one();
    CHECK(outcome.disposition == Disposition::delivered);
    CHECK(outcome.address == takes_it.endpoint().text());
    CHECK(short_of_it.heard.back() == "tls QUIT");
    CHECK(takes_it.messages.size() == 1);
}

TEST_CASE("of hosts that all fell short, the one that came closest says why (O13)") {
    World world;
    world.require(Demand::tls_trusted_host);
    world.host("", "mx1.example.org");
    world.host("expired", "mx2.example.org");
    world.host("self-signed", "mx3.example.org");
    const auto on_tls_failure = GENERATE(policy::OnTlsFailure::bounce, policy::OnTlsFailure::retry);
    world.to.on_tls_failure = on_tls_failure;
    const Outcome outcome = world.deliver_one();
    const bool retry = on_tls_failure == policy::OnTlsFailure::retry;
    CHECK(outcome.disposition == (retry ? Disposition::deferred : Disposition::failed));
    CHECK(status(outcome) == (retry ? "4.7.5" : "5.7.5"));
    CHECK(outcome.cause == Cause::certificate_expired);
    CHECK(outcome.host == "mx2.example.org");
}

TEST_CASE("a host that failed for a passing reason keeps the message for another attempt (O14)") {
    struct Row {
        std::string_view verb; // "": the greeting
        std::string_view reply;
        Cause cause;
        std::string_view status;
    };
    const auto row = GENERATE(Row{"", "421 4.3.2 busy", Cause::postponed, "4.3.2"},
                              Row{"", "450 busy", Cause::postponed, "4.0.0"},
                              Row{"", NextHop::ending, Cause::lost, "4.4.2"},
                              Row{"", "hello", Cause::lost, "4.4.2"},
                              Row{"EHLO", NextHop::ending, Cause::lost, "4.4.2"},
                              Row{"tls EHLO", NextHop::ending, Cause::lost, "4.4.2"},
                              Row{"tls MAIL", "451 4.7.1 greylisted", Cause::postponed, "4.7.1"},
                              Row{"tls MAIL", NextHop::ending, Cause::lost, "4.4.2"},
                              Row{"tls RCPT", "450 4.2.0 later", Cause::postponed, "4.2.0"},
                              Row{"tls DATA", "451 4.3.0 later", Cause::postponed, "4.3.0"});
    const bool fell_short_first = GENERATE(true, false);
    CAPTURE(row.verb, row.reply, fell_short_first);
    World world;
    world.require(Demand::tls);
    if (fell_short_first) world.host("");
    NextHop& passing = world.host();
    if (!fell_short_first) world.host("");
    if (row.verb.empty()) {
        passing.greeting = row.reply;
    } else {
        passing.says[std::string{row.verb}] = row.reply;
    }
    const Outcome outcome = world.deliver_one();
    CHECK(outcome.disposition == Disposition::deferred);
    CHECK(outcome.cause == row.cause);
    CHECK(status(outcome) == row.status);
}

TEST_CASE("a host that cannot be reached is a passing reason, one of its addresses is not (O14)") {
    World world;
    world.require(Demand::tls);
    const NobodyThere nobody;
    SECTION("another host") {
        world.host("", "mx1.example.org");
        world.nobody(nobody, "mx2.example.org");
        const Outcome outcome = world.deliver_one();
        CHECK(outcome.disposition == Disposition::deferred);
        CHECK(outcome.cause == Cause::unreachable);
        CHECK(status(outcome) == "4.4.1");
        CHECK(outcome.host == "mx2.example.org");
    }
    SECTION("another address of a host that was reached") {
        world.nobody(nobody, "mx1.example.org");
        world.host("", "mx1.example.org");
        CHECK(world.deliver_one().disposition == Disposition::failed);
    }
    SECTION("and the next host takes it") {
        world.nobody(nobody, "mx1.example.org");
        world.host("ecdsa", "mx2.example.org");
        CHECK(world.deliver_one().disposition == Disposition::delivered);
    }
}

TEST_CASE(
    "a host that DNS did not give now is a passing reason, beside those that fell short (O14)") {
    World world;
    world.require(Demand::tls);
    world.to.way.missing = "name server failure: mx0.example.org: SERVFAIL";
    SECTION("all others fell short") {
        world.host("");
        const Outcome outcome = world.deliver_one();
        CHECK(outcome.disposition == Disposition::deferred);
        CHECK(outcome.cause == Cause::unresolved);
        CHECK(status(outcome) == "4.4.3");
        CHECK(outcome.detail == world.to.way.missing);
    }
    SECTION("then no alternate route is taken either") {
        world.host("");
        NextHop& alternate = world.stranger();
        world.to.alternate =
            Way{.hosts = {{.endpoint = alternate.endpoint(), .name = "mx.example.org"}},
                .required = {}};
        CHECK(world.deliver_one().disposition == Disposition::deferred);
        CHECK(alternate.heard.empty());
    }
    SECTION("another one takes it") {
        world.host();
        CHECK(world.deliver_one().disposition == Disposition::delivered);
    }
}

TEST_CASE("mail of which every host fell short goes by the alternate route (O12)") {
    World world;
    world.require(Demand::tls_trusted);
    NextHop& server = world.host("self-signed");
    const NobodyThere nobody;
    SECTION("which delivers it") {
        NextHop& secure = world.stranger();
        world.to.alternate = Way{.hosts = {{secure.endpoint(), "mx.example.org"}}, .required = {}};
        const Outcome outcome = world.deliver_one();
        CHECK(outcome.disposition == Disposition::delivered);
        CHECK(outcome.address == secure.endpoint().text());
        CHECK(outcome.tls);
    }
    SECTION("which has to have TLS itself: else it is as if there were none") {
        NextHop& in_clear = world.stranger("");
        world.to.alternate = Way{.hosts = {{in_clear.endpoint(), "other.example"}}, .required = {}};
        const Outcome outcome = world.deliver_one();
        CHECK(outcome.disposition == Disposition::failed);
        CHECK(outcome.cause == Cause::certificate_not_trusted);
        CHECK(outcome.host == "mx.example.org");
        CHECK_FALSE(heard_verb(in_clear, "MAIL"));
    }
    SECTION("which may be down for now") {
        const io::Endpoint endpoint = nobody.target().endpoint;
        world.to.alternate = Way{.hosts = {{endpoint, "other.example"}}, .required = {}};
        CHECK(world.deliver_one().disposition == Disposition::deferred);
    }
    SECTION("but not while a host may still take it") {
        world.nobody(nobody, "mx2.example.org");
        NextHop& secure = world.stranger();
        world.to.alternate = Way{.hosts = {{secure.endpoint(), "other.example"}}, .required = {}};
        CHECK(world.deliver_one().disposition == Disposition::deferred);
        CHECK(secure.connections == 0);
    }
    CHECK_FALSE(heard_verb(server, "MAIL"));
}

TEST_CASE("a fault of our own is never held against the message (O19)") {
    World world;
    world.require(Demand::tls_trusted);
    std::unique_ptr<ssl::ClientContext> without_trust;
    std::chrono::system_clock::time_point now = today;
    std::string detail;
    SECTION("no TLS of our own") {
        world.host();
        world.environment.tls = nullptr;
        detail = "no TLS of our own";
    }
    SECTION("no trust store") {
        world.host();
        without_trust = ssl::ClientContext::make({}, nullptr).value();
        world.environment.tls = without_trust.get();
        detail = "store_unusable";
    }
    SECTION("a clock that cannot be right") {
        world.host("expired");
        now = clock_earliest - std::chrono::seconds{1};
        detail = "expired";
    }
    SECTION("also where another host fell short, or passed") {
        world.host("");
        world.host().greeting = "421 busy";
        world.host("expired");
        now = clock_earliest - std::chrono::seconds{1};
        detail = "expired";
    }
    const Outcome outcome = world.deliver_one(now);
    CHECK(outcome.disposition == Disposition::deferred);
    CHECK(outcome.cause == Cause::ours);
    CHECK(status(outcome) == "4.7.0");
    CHECK(outcome.detail == detail);
    for (const NextHop& server : world.servers) {
        CHECK_FALSE(heard_verb(server, "MAIL"));
    }
}

} // namespace postern::deliver::test
