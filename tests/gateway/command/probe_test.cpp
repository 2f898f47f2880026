#include "gateway/command/probe.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "tests/gateway/command/outcome.h"
#include "tests/gateway/directory.h"
#include "tests/gateway/dns/name_server.h"
#include "tests/gateway/relay/next_hop.h"

// Hosts that answer are in probing_test.cpp and tests/scenario/probe_test.py.

namespace postern::command::test {
namespace {

// postern.toml of a host that asks these name servers.
std::string settings(const gateway::DnsSettings& dns) {
    return "hostname = \"mx1.example.org\"\n"
           "policy = \"policy.toml\"\n"
           "[[listener]]\n"
           "name = \"mx\"\n"
           "address = \"127.0.0.1:0\"\n"
           "tls = \"off\"\n"
           "[tls]\n"
           "trust_store = \"" POSTERN_SOURCE_DIR "/tests/ssl/certificates/root.pem\"\n"
           "[dns]\n"
           "servers = [\"" +
           dns.servers.front().text() + "\"]\ntrust_anchor = \"\"\n";
}

struct Host {
    explicit Host(const gateway::DnsSettings& dns)
        : config(directory.write("postern.toml", settings(dns))) {}

    [[nodiscard]] Outcome probed(Arguments arguments) const {
        arguments.insert(arguments.end(), {"--config", config});
        return outcome_of(probe, arguments);
    }

    gateway::test::Directory directory;
    std::string config;
};

} // namespace

TEST_CASE("what cannot be probed is wrong usage, and named") {
    struct Row {
        Arguments arguments;
        std::string_view complaint;
    };
    const auto row = GENERATE(values<Row>({
        {{}, "a domain or a host is missing; try --help"},
        {{"a.example", "b.example"}, "one domain or host at a time; try --help"},
        {{"a@b.example"}, "\"a@b.example\" "},
        {{"[192.0.2.1"}, "\"[192.0.2.1\" lacks its \"]\""},
        {{"[a.example]:25"}, "\"[a.example]\" is no address"},
        {{"[192.0.2.1]x:25"}, "\"[192.0.2.1]x\" is no address"},
        {{"2001:db8::1"}, "\"db8::1\" is no port; an IPv6 address stands in brackets"},
        {{"a.example:"}, "\"\" is no port"},
        {{"a.example:0"}, "\"0\" is no port"},
        {{"a.example:65536"}, "\"65536\" is no port"},
        {{"a.example", "--port", "smtp"}, "\"smtp\" is no port"},
        {{"a.example", "--port"}, "--port needs a value"},
        {{"a.example:25", "--port=26"}, "--port is for a domain; a.example:25 has a port"},
        {{"a.example", "--timeout", "0s"}, "\"0s\" is no time up to 10m; write 30s"},
        {{"a.example", "--timeout=10m1ms"}, "\"10m1ms\" is no time up to 10m; write 30s"},
        {{"a.example", "--timeout=5"}, "\"5\" is no time up to 10m; write 30s"},
        {{"a.example", "--fast"}, "unknown argument \"--fast\"; try --help"},
    }));
    CAPTURE(row.complaint);
    const auto [code, out, err] = outcome_of(probe, row.arguments);
    CHECK(code == 2);
    CHECK(out.empty());
    CHECK_THAT(err, Catch::StartsWith("postern probe: " + std::string(row.complaint)));
}

TEST_CASE("probe explains itself") {
    const auto [code, out, err] = outcome_of(probe, {"--help"});
    CHECK(code == 0);
    CHECK_THAT(out, Catch::StartsWith("usage: postern probe "));
    CHECK(err.empty());
}

TEST_CASE("mistakes in the files of this host are told, and nobody is asked") {
    const gateway::test::Directory directory;
    const std::string config = directory.write("postern.toml", "hostnam = 1\n");
    const auto [code, out, err] = outcome_of(probe, {"a.example", "--config", config});
    CHECK(code == 1);
    CHECK(out.empty());
    CHECK_THAT(err, Catch::Contains("postern.toml:1:1: "));
}

TEST_CASE("a domain that takes no mail has no hosts to probe, and the cause is told") {
    struct Row {
        std::string_view subject;
        std::string_view problem;
    };
    const auto row = GENERATE(values<Row>({
        {"absent.example", "absent.example"},
        {"null.example", "null.example"},
        {"empty.example", "empty.example"},
        {"null.example:25", "null.example"},
    }));
    CAPTURE(row.subject);
    const dns::test::NameServer server({{"example", "null MX 0 .\nempty TXT x\n"}});
    const Host host{server.settings()};
    const auto [code, out, err] = host.probed({row.subject});
    CHECK(code == 1);
    CHECK(err.empty());
    CHECK_THAT(out, Catch::Contains("verdict       no host: "));
    CHECK_THAT(out, Catch::EndsWith(": " + std::string(row.problem) + "\n"));
}

TEST_CASE("a silent name server does not hold a probe beyond its time") {
    const dns::test::SilentServer server;
    const Host host{server.settings()};
    const auto [code, out, err] = host.probed({"a.example", "--timeout", "50ms", "--json"});
    CHECK(code == 1);
    CHECK(server.was_asked());
    CHECK_THAT(out, Catch::StartsWith(R"({"subject":"a.example","ok":false,"verdict":"no host: )"));
    CHECK_THAT(out, Catch::EndsWith("\"hosts\":[]}\n"));
}

TEST_CASE("hosts of a domain that cannot be reached are named, each with its address") {
    const dns::test::NameServer server({{"example",
                                         "@ MX 20 second\n@ MX 10 first\n"
                                         "first A 127.0.0.1\nsecond A 127.0.0.1\n"}});
    const Host host{server.settings()};
    const relay::test::NobodyThere nobody;
    const std::string port = std::to_string(nobody.target().endpoint.port());
    const auto by_mx = host.probed({"Example.", "--port", port});
    CHECK(by_mx.code == 1);
    CHECK(by_mx.err.empty());
    CHECK_THAT(by_mx.out,
               Catch::Contains("host          first.example, preference 10, addresses DNSSEC "
                               "insecure\naddress       127.0.0.1:" +
                               port));
    CHECK_THAT(by_mx.out,
               Catch::EndsWith("verdict       first.example cannot be reached, second.example "
                               "cannot be reached\n"));

    const std::string one = "second.example:" + port;
    const auto by_name = host.probed({one});
    CHECK(by_name.code == 1);
    CHECK_THAT(by_name.out, Catch::Contains("host          second.example, addresses DNSSEC"));
    CHECK_THAT(by_name.out, !Catch::Contains("first.example"));
}

TEST_CASE("an address is probed without a name server, however it is written") {
    const dns::test::SilentServer server;
    const Host host{server.settings()};
    const relay::test::NobodyThere nobody;
    const std::string port = std::to_string(nobody.target().endpoint.port());
    const std::string before =
        GENERATE("127.0.0.1", "[127.0.0.1]", "[::ffff:127.0.0.1]", "[IPv6:::ffff:127.0.0.1]");
    const bool apart = GENERATE(false, true);
    const std::string whole = before + ":" + port;
    const auto [code, out, err] =
        host.probed(apart ? Arguments{before, "--port", port} : Arguments{whole});
    CHECK(code == 1);
    CHECK(err.empty());
    CHECK_THAT(out, Catch::Contains("address       127.0.0.1:" + port + "\n"));
    CHECK_THAT(out, Catch::EndsWith("verdict       127.0.0.1 cannot be reached\n"));
    CHECK_FALSE(server.was_asked());
}

TEST_CASE("a trust store that cannot be read is said to be our fault") {
    const dns::test::SilentServer server;
    const Host host{server.settings()};
    std::string text = settings(server.settings());
    text.replace(text.find("root.pem"), 8, "absent.pem");
    host.directory.write("postern.toml", text);
    const relay::test::NobodyThere nobody;
    const std::string endpoint = nobody.target().endpoint.text();
    const auto [code, out, err] = host.probed({endpoint});
    CHECK(code == 1);
    CHECK_THAT(err, Catch::Contains("absent.pem: own_trust_store"));
    CHECK_THAT(err, Catch::EndsWith("; no certificate can be trusted\n"));
}

TEST_CASE("a mail host without an address is shown with the reason") {
    const dns::test::NameServer server({{"example",
                                         "half MX 10 none\nhalf MX 20 there\n"
                                         "half MX 30 mx.broken.\nthere A 127.0.0.1\n"},
                                        {"broken", ""}});
    const relay::test::NobodyThere nobody;
    const std::string port = std::to_string(nobody.target().endpoint.port());
    const auto [code, out, err] = Host{server.settings()}.probed({"half.example", "--port", port});
    CHECK(code == 1);
    const auto none = out.find("host          none.example, preference 10\nproblem       ");
    const auto there = out.find("host          there.example, preference 20");
    const auto broken = out.find("host          mx.broken, preference 30\nproblem       ");
    CHECK(none < there);
    CHECK(there < broken);
    CHECK(broken < out.size());
    CHECK_THAT(out,
               Catch::Contains("SERVFAIL") && Catch::Contains("none.example cannot be reached"));
    const auto object =
        Host{server.settings()}.probed({"half.example", "--port", port, "--json"}).out;
    CHECK_THAT(object, Catch::Contains(R"("name":"none.example","preference":10,"problem":")"));
}

} // namespace postern::command::test
