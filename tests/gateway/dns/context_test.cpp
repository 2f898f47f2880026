#include "gateway/dns/context.h"

#include <catch2/catch.hpp>

#include <poll.h>

#include "tests/gateway/dns/name_server.h"

namespace postern::dns {
namespace {

class Kept final : public Context::Asker {
public:
    std::optional<Answer> answer;

private:
    void answered(Answer given) override { answer = std::move(given); }
};

Answer asked(Context& context, const std::string& name, RecordType type) {
    Kept kept;
    REQUIRE(context.ask(name, type, kept));
    while (!kept.answer) {
        pollfd waiting{.fd = context.fd(), .events = POLLIN, .revents = 0};
        REQUIRE(::poll(&waiting, 1, static_cast<int>(io::test::patience.count())) == 1);
        REQUIRE(context.take_answers());
    }
    return *kept.answer;
}

TEST_CASE("a context gives records in wire form") {
    const test::NameServer server({{"example", "@ MX 258 mx\nmx A 192.0.2.1"}});
    const auto context = Context::open(server.settings()).value();
    const Answer mx = asked(*context, "example", RecordType::mx);
    CHECK(mx.outcome == Answer::Outcome::records);
    CHECK(mx.dnssec == Dnssec::insecure);
    CHECK(mx.records == std::vector<std::string>{std::string("\1\2\2mx\7example\0", 14)});
    const Answer a = asked(*context, "mx.example", RecordType::a);
    CHECK(a.records == std::vector<std::string>{std::string("\xc0\0\2\1", 4)});
    CHECK(asked(*context, "mx.example", RecordType::aaaa).outcome == Answer::Outcome::no_records);
    CHECK(asked(*context, "no.example", RecordType::a).outcome == Answer::Outcome::no_such_name);
}

TEST_CASE("a question that was cancelled is not answered") {
    const test::SilentServer server;
    const auto context = Context::open(server.settings()).value();
    Kept cancelled;
    const auto number = context->ask("example", RecordType::mx, cancelled);
    REQUIRE(number);
    context->cancel(*number);
    // Answered behind it, and without the server.
    CHECK(asked(*context, "localhost", RecordType::a).outcome == Answer::Outcome::records);
    CHECK(!cancelled.answer);
}

TEST_CASE("what is no name is not asked, and its answer is our own fault") {
    const test::SilentServer server;
    const auto context = Context::open(server.settings()).value();
    const Answer answer = asked(*context, std::string(300, 'a'), RecordType::a);
    CHECK(answer.outcome == Answer::Outcome::ours);
    CHECK(!answer.why.empty());
    CHECK(!server.was_asked());
}

TEST_CASE("without servers those of resolv.conf are asked") {
    const gateway::test::Directory directory;
    const gateway::DnsSettings settings{.servers = {}, .trust_anchor = ""};
    const auto conf = directory.write("resolv.conf", "nameserver 127.0.0.1\n");
    CHECK(Context::open(settings, conf).has_value());
    const auto missing = Context::open(settings, directory.path("none"));
    REQUIRE(!missing);
    CHECK(missing.error().starts_with(directory.path("none") + ": "));
}

TEST_CASE("a trust anchor that cannot be read is said before anything is asked") {
    const gateway::test::Directory directory;
    const test::SilentServer server;
    gateway::DnsSettings settings = server.settings();
    settings.trust_anchor = directory.path("none");
    CHECK(!Context::open(settings));
    settings.trust_anchor = directory.write("anchor", "this is no key\n");
    CHECK(!Context::open(settings));
    CHECK(!server.was_asked());
}

TEST_CASE("the system's trust anchor is one") {
    const test::SilentServer server;
    gateway::DnsSettings settings = server.settings();
    settings.trust_anchor = gateway::DnsSettings{}.trust_anchor;
    CHECK(Context::open(settings).has_value());
}

TEST_CASE("a server's IPv6 address and port are understood") {
    const gateway::DnsSettings settings{
        .servers = {gateway::IpEndpoint::parse("[::1]:5353").value()}, .trust_anchor = ""};
    CHECK(Context::open(settings).has_value());
}

} // namespace
} // namespace postern::dns
