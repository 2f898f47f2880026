#pragma once

#include "gateway/deliver/attempt.h"

#include <algorithm>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "tests/gateway/relay/core.h"
#include "tests/gateway/relay/next_hop.h"
#include "tests/ssl/support.h"

namespace postern::deliver::test {

using gateway::test::awaited;
using policy::Demand;
using policy::TlsVersion;
using relay::test::Lines;
using relay::test::NextHop;
using relay::test::NobodyThere;

inline constexpr std::chrono::system_clock::time_point today = clock_earliest;

// A message in memory, given out in pieces.
class Text final : public Content {
public:
    void rewind() override {
        at_ = 0;
        ++readings;
    }
    io::Task<std::expected<std::string_view, ContentError>> next() override {
        if (at_ >= unreadable_at) co_return std::unexpected{ContentError::unreadable};
        const std::string_view piece = std::string_view{text}.substr(at_, piece_bytes);
        at_ += piece.size();
        co_return piece;
    }

    std::string text = "Subject: hello\r\n\r\nhow are you?\r\n";
    std::size_t piece_bytes = 7;
    std::size_t unreadable_at = std::string::npos;
    std::size_t readings = 0;

private:
    std::size_t at_ = 0;
};

// Mail hosts on loopback, and a gateway that delivers to them.
struct World {
    io::test::Loop loop;
    ssl::testing::Host tls; // the gateway's client, and whoever has a good certificate
    relay::Environment environment{.ring = loop.ring(),
                                   .hostname = "gateway.example.org",
                                   .tls = tls.client.get(),
                                   .bounds = {},
                                   .counts = {}};
    std::list<ssl::testing::Host> identities;
    std::list<NextHop> servers;
    Destination to;

    smtp::Mail mail = relay::test::mail_from();
    std::vector<smtp::Recipient> recipients{relay::test::recipient()};
    Text content;

    // One more host to try. "": it has no TLS.
    NextHop& host(const std::string& certificate = "ecdsa",
                  const std::string& name = "mx.example.org",
                  ssl::Version newest = ssl::Version::tls_1_3) {
        NextHop& server = stranger(certificate, newest);
        to.way.hosts.push_back({.endpoint = server.endpoint(), .name = name});
        return server;
    }
    // A host that is on no way yet.
    NextHop& stranger(const std::string& certificate = "ecdsa",
                      ssl::Version newest = ssl::Version::tls_1_3) {
        NextHop& server = servers.emplace_back(loop);
        if (certificate.empty()) return server;
        ssl::testing::Host& identity = identities.emplace_back();
        identity.serve({certificate}, ssl::Version::tls_1_2, newest);
        server.tls = identity.server.get();
        return server;
    }
    void nobody(const NobodyThere& address, const std::string& name = "mx.example.org") {
        to.way.hosts.push_back({.endpoint = address.target().endpoint, .name = name});
    }
    void require(Demand demand, TlsVersion floor = TlsVersion::tls_1_2) {
        to.way.required = {.demand = demand, .floor = floor};
    }

    std::vector<Outcome> deliver(Attempt& attempt,
                                 std::chrono::system_clock::time_point now = today) {
        const Message message{.mail = mail, .recipients = recipients, .content = content};
        return awaited(loop, attempt.deliver(message, now));
    }
    // The one message of an attempt, and the end of every conversation.
    std::vector<Outcome> deliver_all(std::chrono::system_clock::time_point now = today) {
        KeptConversations kept{environment};
        Attempt attempt{environment, kept, to};
        std::vector<Outcome> outcomes = deliver(attempt, now);
        loop.run(kept.end());
        gateway::test::turn_until(loop, [&] {
            return std::ranges::all_of(servers,
                                       [](const NextHop& server) { return server.open() == 0; });
        });
        CHECK(environment.counts.active == 0);
        return outcomes;
    }
    Outcome deliver_one(std::chrono::system_clock::time_point now = today) {
        std::vector<Outcome> outcomes = deliver_all(now);
        REQUIRE(outcomes.size() == 1);
        return outcomes.front();
    }
};

inline bool heard_verb(const NextHop& server, std::string_view verb) {
    return std::ranges::any_of(server.heard, [&](const std::string& line) {
        return line.find(verb) != std::string::npos;
    });
}

inline std::string status(const Outcome& outcome) {
    return std::to_string(outcome.status.status) + '.' + std::to_string(outcome.status.subject) +
           '.' + std::to_string(outcome.status.detail);
}

} // namespace postern::deliver::test

namespace Catch {
template<>
struct StringMaker<postern::deliver::Cause> {
    static std::string convert(postern::deliver::Cause cause) {
        return std::string{postern::deliver::text(cause)};
    }
};
} // namespace Catch
