#include "gateway/relay/conversation.h"

#include <catch2/catch.hpp>

#include "tests/gateway/relay/next_hop.h"
#include "tests/ssl/support.h"

namespace postern::relay::test {
namespace {

using gateway::test::awaited;
using policy::Demand;

constexpr ClientFacts client{.address = "192.0.2.7",
                             .port = 4711,
                             .local_address = "192.0.2.1",
                             .local_port = 25,
                             .helo = "client.example"};

struct Core {
    io::test::Loop loop;
    ssl::testing::Host tls;
    Environment environment{.ring = loop.ring(),
                            .hostname = "gateway.example.org",
                            .tls = tls.client.get(),
                            .bounds = {},
                            .counts = {}};

    explicit Core(const std::string& certificate = "ecdsa") : tls{certificate} {}

    Conversation::Opened open(const Target& target, const ClientFacts* proxied = nullptr) {
        return awaited(loop, Conversation::open(environment, target, proxied));
    }
};

} // namespace

TEST_CASE("a conversation in clear is open after EHLO, and knows what is offered") {
    Core core;
    NextHop hop{core.loop};
    hop.offers = {"SIZE 1000", "8BITMIME"};
    {
        const auto opened = core.open(hop.target());
        REQUIRE(opened);
        CHECK(hop.heard == Lines{"EHLO gateway.example.org"});
        CHECK((*opened)->state().can_start_transaction());
        CHECK((*opened)->extensions().size_max() == 1000);
        CHECK_FALSE((*opened)->channel().encrypted());
        CHECK((*opened)->silent());
        CHECK(core.environment.counts.opened == 1);
        CHECK(core.environment.counts.active == 1);
    }
    CHECK(core.environment.counts.active == 0);
}

TEST_CASE("a server that does not know EHLO is greeted with HELO") {
    Core core;
    NextHop hop{core.loop};
    hop.says["EHLO"] = "502 5.5.1 what?";
    const auto opened = core.open(hop.target());
    REQUIRE(opened);
    CHECK(hop.heard == Lines{"EHLO gateway.example.org", "HELO gateway.example.org"});
    CHECK((*opened)->extensions().empty());
}

TEST_CASE("a server that does not begin as one should is not used, and the cause is told") {
    struct Row {
        std::string_view verb;
        std::string_view reply;
        Cause cause;
    };
    const auto row = GENERATE(Row{"", "554 no", Cause::greeting},
                              Row{"", "421 busy", Cause::greeting},
                              Row{"", "hello", Cause::malformed},
                              Row{"", NextHop::ending, Cause::lost},
                              Row{"", NextHop::silence, Cause::silent},
                              Row{"EHLO", "421 busy", Cause::greeting},
                              Row{"EHLO", "450 later", Cause::greeting},
                              Row{"EHLO", "250-a\r\n550 b", Cause::malformed},
                              Row{"EHLO", NextHop::ending, Cause::lost},
                              Row{"EHLO", NextHop::silence, Cause::silent});
    CAPTURE(row.verb, row.reply);
    Core core;
    NextHop hop{core.loop};
    if (row.reply == NextHop::silence) core.environment.bounds.command = io::Duration{20};
    if (row.verb.empty()) {
        hop.greeting = row.reply;
    } else {
        hop.says[std::string{row.verb}] = row.reply;
    }
    const auto opened = core.open(hop.target());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().cause == row.cause);
    CHECK(core.environment.counts.active == 0);
}

TEST_CASE("a server that refuses both EHLO and HELO is not used") {
    Core core;
    NextHop hop{core.loop};
    hop.says["EHLO"] = hop.says["HELO"] = "550 5.7.1 go away";
    const auto opened = core.open(hop.target());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().cause == Cause::greeting);
    CHECK(opened.error().detail == "5.7.1 go away");
}

TEST_CASE("a server that cannot be reached is no conversation") {
    Core core;
    const NobodyThere nobody;
    const auto opened = core.open(nobody.target());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().cause == Cause::unreachable);
    CHECK(core.environment.counts.opened == 0);
}

TEST_CASE("TLS is used where it is offered, and what was offered before it is forgotten") {
    Core core;
    NextHop hop{core.loop};
    hop.tls = core.tls.server.get();
    hop.says["tls EHLO"] = "250-hop\r\n250 SIZE 77";
    const auto opened = core.open(hop.target());
    REQUIRE(opened);
    CHECK(hop.heard ==
          Lines{"EHLO gateway.example.org", "STARTTLS", "tls EHLO gateway.example.org"});
    CHECK((*opened)->channel().encrypted());
    CHECK((*opened)->extensions().size_max() == 77);
    CHECK_FALSE((*opened)->extensions().has(smtp::Extension::pipelining));
}

TEST_CASE("each demand is met by the certificates that prove it, and by no others") {
    struct Row {
        std::string certificate;
        Demand demand;
        std::optional<Cause> cause;
    };
    const auto row = GENERATE(values<Row>({
        {"ecdsa", Demand::tls_trusted_host, {}},
        {"other-name", Demand::tls_trusted_host, Cause::name_mismatch},
        {"other-name", Demand::tls_trusted, {}},
        {"unknown-ca", Demand::tls_trusted_host, Cause::not_trusted},
        {"unknown-ca", Demand::tls_trusted, Cause::not_trusted},
        {"expired", Demand::tls_trusted, Cause::expired},
        {"not-yet-valid", Demand::tls_trusted, Cause::expired},
        {"self-signed", Demand::tls_trusted, Cause::not_trusted},
        {"self-signed", Demand::tls, {}},
        {"self-signed", Demand::none, {}},
    }));
    CAPTURE(row.certificate, policy::text(row.demand));
    Core core{row.certificate};
    NextHop hop{core.loop};
    hop.tls = core.tls.server.get();
    const auto opened = core.open(hop.target(row.demand));
    CHECK(opened.has_value() == !row.cause);
    if (!row.cause) return;
    CHECK(opened.error().cause == *row.cause);
    gateway::test::turn_until(core.loop, [&] { return hop.open() == 0; });
    // Its name is all that is said to a server that falls short.
    CHECK(hop.heard == Lines{"EHLO gateway.example.org", "STARTTLS", "tls QUIT"});
}

TEST_CASE("where TLS is demanded and cannot be had, nothing but goodbye is said") {
    struct Row {
        std::string_view reply; // to STARTTLS; "" when it is not offered
        Cause cause;
        Lines heard;
    };
    const auto row = GENERATE(values<Row>({
        {"", Cause::tls_missing, {"EHLO gateway.example.org", "QUIT"}},
        {"454 not now", Cause::tls_missing, {"EHLO gateway.example.org", "STARTTLS", "QUIT"}},
        {"501 what?", Cause::tls_missing, {"EHLO gateway.example.org", "STARTTLS", "QUIT"}},
        {"220 no TLS behind it", Cause::tls_failed, {"EHLO gateway.example.org", "STARTTLS"}},
        {"220 go\r\n250 ok", Cause::tls_failed, {"EHLO gateway.example.org", "STARTTLS"}},
        {"421 bye", Cause::tls_missing, {"EHLO gateway.example.org", "STARTTLS", "QUIT"}},
    }));
    CAPTURE(row.reply);
    Core core;
    NextHop hop{core.loop};
    if (!row.reply.empty()) {
        hop.offers.emplace_back("STARTTLS");
        hop.says["STARTTLS"] = row.reply;
    }
    const auto opened = core.open(hop.target(Demand::tls));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().cause == row.cause);
    gateway::test::turn_until(core.loop, [&] { return hop.open() == 0; });
    CHECK(hop.heard == row.heard);
    CHECK(hop.connections == 1);
}

TEST_CASE("where nobody demands TLS, a server whose TLS fails is called again in clear") {
    Core core;
    NextHop hop{core.loop};
    hop.offers.emplace_back("STARTTLS"); // and there is none
    const auto opened = core.open(hop.target());
    REQUIRE(opened);
    CHECK_FALSE((*opened)->channel().encrypted());
    CHECK(hop.connections == 2);
    CHECK(hop.heard == Lines{"EHLO gateway.example.org", "STARTTLS", "EHLO gateway.example.org"});
}

TEST_CASE("where nobody demands TLS, a 454 to STARTTLS leaves the conversation as it was") {
    Core core;
    NextHop hop{core.loop};
    hop.offers.emplace_back("STARTTLS");
    hop.says["STARTTLS"] = "454 not now";
    const auto opened = core.open(hop.target());
    REQUIRE(opened);
    CHECK((*opened)->state().can_start_transaction());
    CHECK(hop.connections == 1);
}

TEST_CASE("whatever goes wrong between STARTTLS and the end of the handshake is a failure of TLS") {
    struct Row {
        std::string_view reply;
        NextHop::Behind220 behind_220;
    };
    using Behind220 = NextHop::Behind220;
    const auto row = GENERATE(Row{"220 go", Behind220::silence},
                              Row{"220 go", Behind220::ending},
                              Row{NextHop::ending, Behind220::handshake},
                              Row{NextHop::silence, Behind220::handshake},
                              Row{"hello", Behind220::handshake});
    CAPTURE(row.reply, static_cast<int>(row.behind_220));
    Core core;
    NextHop hop{core.loop};
    hop.tls = core.tls.server.get();
    hop.says["STARTTLS"] = row.reply;
    hop.behind_220 = row.behind_220;
    core.environment.bounds.handshake = io::Duration{20};
    if (row.reply == NextHop::silence) core.environment.bounds.command = io::Duration{20};
    SECTION("demanded: the end") {
        CHECK(core.open(hop.target(Demand::tls)).error().cause == Cause::tls_failed);
        CHECK(hop.connections == 1);
    }
    SECTION("not demanded: a fresh connection in clear, which knows why") {
        const auto opened = core.open(hop.target());
        REQUIRE(opened);
        CHECK(hop.connections == 2);
        REQUIRE((*opened)->without_tls() != nullptr);
        CHECK((*opened)->without_tls()->cause == Cause::tls_failed);
    }
}

TEST_CASE("a server whose TLS is older than demanded falls short, on both sides of the edge") {
    struct Row {
        ssl::Version newest;
        policy::TlsVersion floor;
        std::optional<Cause> cause;
    };
    using policy::TlsVersion;
    const auto row = GENERATE(values<Row>({
        {ssl::Version::tls_1_2, TlsVersion::tls_1_2, {}},
        {ssl::Version::tls_1_2, TlsVersion::tls_1_3, Cause::below_floor},
        {ssl::Version::tls_1_3, TlsVersion::tls_1_3, {}},
    }));
    Core core;
    core.tls.serve({"ecdsa"}, ssl::Version::tls_1_2, row.newest);
    NextHop hop{core.loop};
    hop.tls = core.tls.server.get();
    const auto opened = core.open(hop.target(Demand::tls, row.floor));
    CHECK(opened.has_value() == !row.cause);
    if (!row.cause) return;
    CHECK(opened.error().cause == *row.cause);
    CHECK(opened.error().detail == "TLS 1.2");
    gateway::test::turn_until(core.loop, [&] { return hop.open() == 0; });
    CHECK(hop.heard.back() == "tls QUIT");
}

TEST_CASE("where nobody demands TLS, a 421 to STARTTLS is followed by a fresh conversation") {
    Core core;
    NextHop hop{core.loop};
    hop.offers.emplace_back("STARTTLS");
    hop.says["STARTTLS"] = "421 no room for TLS";
    const auto opened = core.open(hop.target());
    REQUIRE(opened);
    CHECK(hop.connections == 2);
    CHECK((*opened)->without_tls()->reply.code == 421);
}

TEST_CASE("a reply that comes byte by byte has to be whole in its time") {
    io::test::Loop loop;
    Environment environment{
        .ring = loop.ring(), .hostname = "gateway.example.org", .bounds = {}, .counts = {}};
    auto ends = io::test::tcp_ends();
    Conversation conversation{environment, io::Socket{loop.ring(), std::move(ends.one)}};
    io::Socket server{loop.ring(), std::move(ends.other)};
    std::optional<Conversation::Replied> replied;
    loop.spawn(gateway::test::keep(conversation.reply(io::Duration{60}), replied));
    const std::string byte = "2";
    while (!replied) { // a byte each time, well before the wait would be over
        loop.turn_for(io::Duration{10});
        REQUIRE(::send(server.fd(), byte.data(), 1, MSG_NOSIGNAL) == 1);
    }
    loop.finish();
    CHECK(replied->error().cause == Cause::silent);
}

TEST_CASE("what is wrong with our own TLS is never said to be the server's fault") {
    Core core;
    NextHop hop{core.loop};
    hop.tls = core.tls.server.get();
    SECTION("no TLS at all") {
        core.environment.tls = nullptr;
        CHECK(core.open(hop.target(Demand::tls)).error().cause == Cause::our_tls);
        CHECK(core.open(hop.target()).has_value()); // in clear, as nobody demands more
    }
    SECTION("no trust store") {
        const auto without_trust = ssl::ClientContext::make({}, nullptr).value();
        core.environment.tls = without_trust.get();
        CHECK(core.open(hop.target(Demand::tls_trusted)).error().cause == Cause::our_tls);
        CHECK(core.open(hop.target(Demand::tls)).has_value());
    }
}

TEST_CASE("the PROXY header comes before anything else") {
    Core core;
    NextHop hop{core.loop};
    hop.expects_proxy = true;
    REQUIRE(core.open(hop.target(), &client));
    CHECK(hop.heard == Lines{"PROXY TCP4 192.0.2.7 192.0.2.1 4711 25", "EHLO gateway.example.org"});
}

TEST_CASE("XCLIENT introduces a client once, and the conversation begins again behind it") {
    Core core;
    NextHop hop{core.loop};
    hop.offers = {"XCLIENT ADDR PORT PROTO HELO"};
    auto conversation = std::move(core.open(hop.target()).value());
    hop.heard.clear();
    CHECK(awaited(core.loop, conversation->announce(client)));
    CHECK(hop.heard == Lines{"XCLIENT ADDR=192.0.2.7 PORT=4711 PROTO=ESMTP HELO=client.example",
                             "EHLO client.example"});
    CHECK(conversation->state().can_start_transaction());
    hop.heard.clear();
    CHECK(awaited(core.loop, conversation->announce(client)));
    CHECK(hop.heard.empty());
    ClientFacts another = client;
    another.address = "2001:db8::7";
    CHECK(awaited(core.loop, conversation->announce(another)));
    CHECK(hop.heard.front() ==
          "XCLIENT ADDR=IPV6:2001:db8::7 PORT=4711 PROTO=ESMTP HELO=client.example");
}

TEST_CASE("a client that may not be introduced is a failure, and none where XCLIENT is unknown") {
    Core core;
    NextHop hop{core.loop};
    SECTION("refused") {
        hop.offers = {"XCLIENT ADDR"};
        hop.says["XCLIENT"] = "550 5.7.0 not you";
        const auto conversation = std::move(core.open(hop.target()).value());
        const auto announced = awaited(core.loop, conversation->announce(client));
        REQUIRE_FALSE(announced);
        CHECK(announced.error().cause == Cause::greeting);
    }
    SECTION("not offered") {
        const auto conversation = std::move(core.open(hop.target()).value());
        CHECK(awaited(core.loop, conversation->announce(client)));
        CHECK(hop.heard == Lines{"EHLO gateway.example.org"});
    }
}

TEST_CASE("a conversation is ended with QUIT, and silence is a conversation where nothing waits") {
    Core core;
    NextHop hop{core.loop};
    const auto conversation = std::move(core.open(hop.target()).value());
    SECTION("politely") {
        core.loop.run(conversation->quit());
        CHECK(hop.heard.back() == "QUIT");
    }
    SECTION("by the server, which is noticed") {
        CHECK(conversation->silent());
        hop.drop_all();
        gateway::test::turn_until(core.loop, [&] { return !conversation->silent(); });
    }
    gateway::test::turn_until(core.loop, [&] { return hop.open() == 0; });
}

} // namespace postern::relay::test
