#pragma once

#include "gateway/receive/inbound_intake.h"
#include "gateway/receive/inbound_transaction.h"
#include "policy/load.h"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/gateway/log.h"
#include "tests/gateway/relay/core.h"

namespace postern::receive::test {

using gateway::test::awaited;
using gateway::test::Log;
using gateway::test::turn_until;
using relay::test::Lines;
using relay::test::NextHop;

inline constexpr std::string_view rules = R"(
[[route]]
name = "servers"
domains = ["example.org", "shop.example", "plain.example"]
hosts = ["127.0.0.1:25"]
[[route]]
name = "far"
domains = ["far.example"]
hosts = ["127.0.0.1:26"]
[[organization]]
name = "example"
domains = ["example.org"]
[[organization]]
name = "shop"
domains = ["shop.example"]
[[address_list]]
name = "banks"
entries = ["bank.example"]
[[address_list]]
name = "early"
entries = ["early.example"]
[[address_list]]
name = "watched"
entries = ["watched.example"]
[[address_list]]
name = "never"
entries = ["never.example"]
[[tls_compliance]]
name = "banks over TLS"
organization = "example"
directions = ["inbound"]
address_lists = ["banks"]
[[tls_compliance]]
name = "early"
organization = "example"
directions = ["inbound"]
address_lists = ["early"]
refuse_at_mail = true
[[tls_compliance]]
name = "on trial"
organization = "example"
directions = ["inbound"]
address_lists = ["watched"]
mode = "report"
[[tls_compliance]]
name = "never in clear"
directions = ["inbound"]
address_lists = ["never"]
refuse_at_mail = true
)";

inline std::shared_ptr<const gateway::Configuration> configuration(std::string_view text) {
    auto made = std::make_shared<gateway::Configuration>();
    const policy::Loaded loaded = policy::load_text(std::string{text});
    INFO(loaded.mistakes.text());
    REQUIRE(loaded.snapshot);
    made->policy = loaded.snapshot;
    return made;
}

// A core without sessions: everything that one shares, a next hop for each route, and the facts of
// one client, which has come in clear.
struct Core {
    io::test::Loop loop;
    NextHop server{loop};
    NextHop far{loop};
    relay::test::Core relay{loop};
    gateway::Settings settings;
    gateway::PolicyHolder policy{[](auto unused) { unused.reset(); }};
    report::Counters counters;
    Log log;
    Census census;
    std::array<const Census*, 1> cores{&census};
    Surroundings surroundings{
        .ring = loop.ring(),
        .settings = &settings,
        .policy = policy,
        .server_tls = nullptr,
        .relay = relay.pool,
        .recorder = Recorder{counters, log.journal()},
        .identifiers = gateway::Identifiers{std::chrono::system_clock::time_point{}, 0},
        .census = census,
        .all_cores = cores,
    };
    smtp::Extensions offered = smtp::Extensions{}
                                   .add_size(1000)
                                   .add(smtp::Extension::eight_bit_mime)
                                   .add(smtp::Extension::smtputf8);
    Facts facts;

    explicit Core(std::string_view text = rules) {
        settings.hostname = "gateway.example";
        facts.id = "session-1";
        facts.listener = "public";
        facts.client = "192.0.2.7";
        facts.client_port = 4711;
        facts.helo = "client.example";
        facts.extended = true;
        adopt(text);
    }

    void adopt(std::string_view text) {
        const auto adopted = configuration(text);
        std::unordered_map<const policy::Route*, relay::RouteHops> routes;
        for (const auto& route : adopted->policy->parts().routes) {
            const NextHop& hop = route->name == "far" ? far : server;
            routes.emplace(route.get(), relay::RouteHops{{relay.host(hop.target())}});
        }
        policy.adopt(adopted, std::make_unique<relay::RouteTable>(std::move(routes)));
    }
    void in_tls() {
        facts.standing.achieved = {.level = policy::Demand::tls,
                                   .version = policy::TlsVersion::tls_1_3};
        facts.tls_version = "1.3";
        facts.tls_cipher = "TLS_AES_128_GCM_SHA256";
    }

    std::expected<std::unique_ptr<InboundTransaction>, smtp::Reply>
    mail(std::string_view argument) {
        return InboundTransaction::begin(surroundings, facts, argument, offered);
    }
    Spoken rcpt(Transaction& transaction, std::string_view argument = "TO:<user@example.org>") {
        return awaited(loop, transaction.recipient(argument, offered));
    }
    // With one recipient, whom the next hop has accepted.
    std::unique_ptr<InboundTransaction>
    transaction(std::string_view from = "FROM:<a@other.example>") {
        auto begun = mail(from);
        REQUIRE(begun);
        REQUIRE(rcpt(**begun).code == 250);
        return std::move(*begun);
    }
};

} // namespace postern::receive::test
