#include "gateway/command/probing.h"

#include <catch2/catch.hpp>

#include "tests/gateway/relay/next_hop.h"
#include "tests/ssl/support.h"

namespace postern::command::test {
namespace {

using policy::Demand;
using policy::TlsVersion;
using relay::test::Lines;
using relay::test::NextHop;
using ssl::ChainVerdict;

constexpr std::string_view named = "mx.example.org"; // by the certificates of the tests

struct Prober {
    io::test::Loop loop;
    ssl::testing::Host tls;
    relay::Environment environment{.ring = loop.ring(),
                                   .hostname = "gateway.example.org",
                                   .tls = tls.client.get(),
                                   .bounds = {},
                                   .counts = {}};

    explicit Prober(const std::string& certificate = "ecdsa") : tls{certificate} {}

    static dns::MailHost host(std::string_view name, std::initializer_list<std::string> addresses) {
        dns::MailHost made{.name = std::string(name), .preference = 10, .addresses = {}};
        for (const std::string& address : addresses) {
            made.addresses.push_back(gateway::IpAddress::parse(address).value());
        }
        return made;
    }
    std::vector<ProbedHost> probe(const NextHop& hop, std::vector<dns::MailHost> hosts) {
        return gateway::test::awaited(
            loop, probe_hosts(environment, std::move(hosts), hop.endpoint().port()));
    }
    // Of the usual host at the usual address.
    ProbedHost probe(const NextHop& hop) {
        auto hosts = probe(hop, {host(named, {"127.0.0.1"})});
        REQUIRE(hosts.size() == 1);
        REQUIRE(hosts.front().addresses.size() == 1);
        CHECK(environment.counts.active == 0);
        return std::move(hosts.front());
    }
};

} // namespace

TEST_CASE("a sound host is told all that was proved, and hears nothing of mail") {
    Prober prober;
    NextHop hop{prober.loop};
    hop.tls = prober.tls.server.get();
    const ProbedHost host = prober.probe(hop);
    CHECK(host.soundness() == Soundness::sound);
    CHECK(host.name == named);
    CHECK(host.preference == 10);
    const ProbedAddress& address = host.addresses.front();
    CHECK(address.endpoint == hop.endpoint().text());
    CHECK(address.reached());
    CHECK(address.offers_tls() == true);
    REQUIRE(address.peer);
    CHECK_FALSE(address.failure);
    CHECK(address.peer->version == ssl::Version::tls_1_3);
    CHECK(address.peer->cipher.starts_with("TLS_"));
    CHECK_FALSE(address.peer->group.empty());
    CHECK(
        hop.heard ==
        Lines{"EHLO gateway.example.org", "STARTTLS", "tls EHLO gateway.example.org", "tls QUIT"});
}

TEST_CASE("each certificate has its verdict, and meets the demands that it would meet") {
    struct Row {
        std::string certificate;
        ChainVerdict chain;
        bool name_matched;
        Demand meets;
        Soundness soundness;
    };
    using enum ChainVerdict;
    const auto row = GENERATE(values<Row>({
        {"ecdsa", trusted, true, Demand::tls_trusted_host, Soundness::sound},
        {"rsa", trusted, true, Demand::tls_trusted_host, Soundness::sound},
        {"other-name", trusted, false, Demand::tls_trusted, Soundness::falls_short},
        {"common-name-only", trusted, false, Demand::tls_trusted, Soundness::falls_short},
        {"self-signed", self_signed, true, Demand::tls, Soundness::falls_short},
        {"unknown-ca", unknown_ca, true, Demand::tls, Soundness::falls_short},
        {"incomplete", incomplete, true, Demand::tls, Soundness::falls_short},
        {"expired", expired, true, Demand::tls, Soundness::falls_short},
        {"not-yet-valid", not_yet_valid, true, Demand::tls, Soundness::falls_short},
    }));
    CAPTURE(row.certificate);
    Prober prober{row.certificate};
    NextHop hop{prober.loop};
    hop.tls = prober.tls.server.get();
    const ProbedHost host = prober.probe(hop);
    const ProbedAddress& address = host.addresses.front();
    REQUIRE(address.peer);
    CHECK(ssl::text(address.peer->chain) == ssl::text(row.chain));
    CHECK(address.peer->name_matched == row.name_matched);
    CHECK(policy::text(address.meets(TlsVersion::tls_1_2)) == policy::text(row.meets));
    CHECK(policy::text(address.meets(TlsVersion::tls_1_3)) == policy::text(row.meets));
    CHECK(host.soundness() == row.soundness);
}

TEST_CASE("a host with TLS 1.2 meets no demand for TLS 1.3, and is sound") {
    Prober prober;
    prober.tls.serve({"ecdsa"}, ssl::Version::tls_1_2, ssl::Version::tls_1_2);
    NextHop hop{prober.loop};
    hop.tls = prober.tls.server.get();
    const ProbedHost host = prober.probe(hop);
    const ProbedAddress& address = host.addresses.front();
    CHECK(address.meets(TlsVersion::tls_1_2) == Demand::tls_trusted_host);
    CHECK(address.meets(TlsVersion::tls_1_3) == Demand::none);
    CHECK(host.soundness() == Soundness::sound);
}

TEST_CASE("without a trust store of ours a host meets no demand for trust") {
    Prober prober;
    const auto without = ssl::ClientContext::make({}, nullptr);
    prober.environment.tls = without->get();
    NextHop hop{prober.loop};
    hop.tls = prober.tls.server.get();
    const ProbedHost host = prober.probe(hop);
    REQUIRE(host.addresses.front().peer);
    CHECK(host.addresses.front().peer->chain == ChainVerdict::store_unusable);
    CHECK(host.addresses.front().meets(TlsVersion::tls_1_2) == Demand::tls);
    CHECK(host.soundness() == Soundness::falls_short);
}

TEST_CASE("a host without TLS falls short, with the cause, and is not spoken to again") {
    struct Row {
        std::string_view verb;
        std::string_view reply;
        relay::Cause cause;
        std::optional<bool> offers_tls;
    };
    static const std::string endless = [] { // rows refer to it from one run of the case to the next
        std::string lines;
        for (int line = 0; line < 1000; ++line) {
            lines += "220-wait\r\n";
        }
        return lines;
    }();
    using enum relay::Cause;
    const auto row = GENERATE_REF(values<Row>({
        {"", "554 no", greeting, {}},
        {"", "\x16\x03\x01 garbage", malformed, {}},
        {"", endless, malformed, {}},
        {"", NextHop::ending, lost, {}},
        {"", NextHop::silence, silent, {}},
        {"EHLO", "421 busy", greeting, {}},
        {"EHLO", "250 no extensions", tls_missing, false},
        {"STARTTLS", "454 4.7.0 not now", tls_missing, true},
        {"STARTTLS", "421 busy", tls_missing, true},
        {"STARTTLS", "220 go\r\nahead", tls_failed, true},
        {"STARTTLS", NextHop::ending, tls_failed, true},
        {"STARTTLS", NextHop::silence, tls_failed, true},
        {"tls EHLO", "421 busy", greeting, {}},
    }));
    CAPTURE(row.verb, row.reply);
    Prober prober;
    if (row.reply == NextHop::silence) prober.environment.bounds.command = io::Duration{50};
    NextHop hop{prober.loop};
    hop.tls = prober.tls.server.get();
    (row.verb.empty() ? hop.greeting : hop.says[std::string(row.verb)]) = row.reply;
    const ProbedHost host = prober.probe(hop);
    const ProbedAddress& address = host.addresses.front();
    REQUIRE(address.failure);
    CHECK(relay::text(address.failure->cause) == relay::text(row.cause));
    CHECK(address.offers_tls() == row.offers_tls);
    CHECK(address.reached());
    CHECK(address.meets(TlsVersion::tls_1_2) == Demand::none);
    CHECK(host.soundness() == Soundness::falls_short);
    CHECK(hop.connections == 1);
}

TEST_CASE("a handshake that the server breaks off or never begins is a failure of TLS") {
    const auto behind = GENERATE(NextHop::Behind220::ending, NextHop::Behind220::silence);
    Prober prober;
    prober.environment.bounds.handshake = io::Duration{50};
    NextHop hop{prober.loop};
    hop.tls = prober.tls.server.get();
    hop.behind_220 = behind;
    const ProbedHost host = prober.probe(hop);
    REQUIRE(host.addresses.front().failure);
    CHECK(host.addresses.front().failure->cause == relay::Cause::tls_failed);
    CHECK(host.soundness() == Soundness::falls_short);
}

TEST_CASE("addresses that cannot be reached do not speak against a host that can") {
    Prober prober;
    NextHop hop{prober.loop}; // on 127.0.0.1 alone
    hop.tls = prober.tls.server.get();
    const auto hosts = prober.probe(hop,
                                    {Prober::host(named, {"127.0.0.2", "127.0.0.1"}),
                                     Prober::host(named, {"127.0.0.2"}),
                                     Prober::host("mx.other.example", {"127.0.0.1"})});
    REQUIRE(hosts.size() == 3);
    CHECK_FALSE(hosts[0].addresses[0].reached());
    CHECK(hosts[0].addresses[1].reached());
    CHECK(hosts[0].soundness() == Soundness::sound);
    CHECK(hosts[1].soundness() == Soundness::unreachable);
    CHECK(hosts[2].soundness() == Soundness::falls_short);

    CHECK(Probed{.subject = "all", .hosts = {hosts[0]}}.sound());
    CHECK_FALSE(Probed{.subject = "all", .hosts = {hosts[0], hosts[1]}}.sound());
    CHECK_FALSE(Probed{.subject = "all", .hosts = {hosts[2], hosts[0]}}.sound());
    CHECK_FALSE(Probed{.subject = "all", .hosts = {}}.sound());
}

} // namespace postern::command::test
