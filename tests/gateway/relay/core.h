#pragma once

#include "gateway/relay/pool.h"
#include "gateway/smtp/envelope.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/gateway/relay/next_hop.h"

namespace postern::relay::test {

inline constexpr ClientFacts client{.address = "192.0.2.7",
                                    .port = 4711,
                                    .local_address = "192.0.2.1",
                                    .local_port = 25,
                                    .helo = "client.example"};

// A loop with a pool, and hosts that no policy names. Made after the servers, gone before them.
struct Core {
    explicit Core(io::test::Loop& turned) : loop(turned) {}
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;
    ~Core() { loop.run(pool.stop()); }

    io::test::Loop& loop;
    Environment environment{.ring = loop.ring(),
                            .hostname = "gateway.example.org",
                            .tls = nullptr,
                            .bounds = {},
                            .counts = {}};
    std::vector<std::unique_ptr<Hop>> hops;
    Pool pool{environment};

    RouteHops::Entry host(Target target) {
        hops.push_back(std::make_unique<Hop>(environment, std::move(target)));
        return {.hop = hops.back().get()};
    }
    std::expected<Lease, Failure> take(RouteHops& route, Pool::Use use = Pool::Use::any) {
        return gateway::test::awaited(loop, pool.take(route, client, use));
    }
};

inline smtp::Mail mail_from(std::string_view argument = "FROM:<a@other.example>") {
    const auto all = smtp::Extensions{}
                         .add_size(0)
                         .add(smtp::Extension::eight_bit_mime)
                         .add(smtp::Extension::smtputf8);
    return smtp::parse_mail(argument, all).value();
}

inline smtp::Recipient recipient(std::string_view argument = "TO:<user@example.org>") {
    return smtp::parse_rcpt(argument, {}, smtp::Utf8::allowed).value();
}

} // namespace postern::relay::test
