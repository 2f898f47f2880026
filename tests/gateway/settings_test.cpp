#include "gateway/settings.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <string>

namespace postern::gateway {
namespace {

using namespace std::literals;
/// The least that can run, eight lines.
constexpr std::string_view least = "hostname = \"mx1.example.org\"\n"
                                   "policy = \"policy.toml\"\n"
                                   "[[listener]]\n"
                                   "name = \"mx\"\n"
                                   "address = \"127.0.0.1:0\"\n"
                                   "[[certificate]]\n"
                                   "chain = \"tls/ecdsa.pem\"\n"
                                   "key = \"/srv/ecdsa.key\"\n";

LoadedSettings loaded(std::string_view text) {
    return settings_from(text, "/etc/postern/postern.toml");
}

/// Mistakes without the name of the file.
std::string mistakes_in(std::string_view text) {
    std::string mistakes;
    const LoadedSettings settings = loaded(text);
    for (const policy::Mistake& mistake : settings.mistakes.all()) {
        mistakes += mistake.text().substr("/etc/postern/postern.toml"sv.size()) + '\n';
    }
    return mistakes;
}

/// The one listener of `least` with one more line.
std::string with_listener(std::string_view line) {
    std::string text(least);
    text.insert(text.find("[[certificate]]"), std::string(line) + "\n");
    return text;
}

std::string with(std::string_view more) { return std::string(least) + std::string(more); }

} // namespace

TEST_CASE("the least settings are taken with every default") {
    const LoadedSettings read = loaded(least);
    CHECK(read.mistakes.text() == "");
    REQUIRE(read.usable());
    const Settings& settings = read.settings;
    CHECK(settings.hostname == "mx1.example.org");
    CHECK(settings.policy == "/etc/postern/policy.toml");
    CHECK(settings.state_directory == "/var/lib/postern");
    CHECK(settings.cores == 0);
    CHECK(settings.drain == 30s);
    REQUIRE(settings.listeners.size() == 1);
    CHECK(settings.listeners[0].direction == Direction::inbound);
    CHECK(settings.listeners[0].tls == ListenerTls::starttls);
    CHECK_FALSE(settings.listeners[0].require_tls);
    CHECK_FALSE(settings.listeners[0].proxy_protocol);
    REQUIRE(settings.certificates.size() == 1);
    CHECK(settings.certificates[0].chain == "/etc/postern/tls/ecdsa.pem");
    CHECK(settings.certificates[0].key == "/srv/ecdsa.key");
    CHECK(settings.certificates[0].chain_place == policy::Place{.line = 7, .column = 9});
    CHECK(settings.certificates[0].key_place == policy::Place{.line = 8, .column = 7});
    CHECK(settings.tls.minimum_version == policy::TlsVersion::tls_1_2);
    CHECK(settings.tls.trust_store == "/etc/ssl/certs/ca-certificates.crt");
    CHECK(settings.admin_address == "127.0.0.1:8025");
    CHECK(settings.log_level == LogLevel::info);
    CHECK(settings.limits == Limits{});
    CHECK(settings.timeouts == Timeouts{});
}

TEST_CASE("every key is read") {
    const LoadedSettings read = loaded(R"(
hostname = "mx2.example.org"
policy = "/srv/policy.toml"
state_directory = "state"
cores = 4
drain_seconds = 5
report_language = "ja"
[[listener]]
name = "behind a proxy"
address = "[::]:025"
direction = "inbound"
tls = "implicit"
require_tls = true
proxy_protocol = true
proxies = ["10.0.0.0/8", "2001:db8::1"]
[[listener]]
name = "plain"
address = "[0:0::0]:26"
tls = "off"
[[certificate]]
chain = "a.pem"
key = "a.key"
[[certificate]]
chain = "b.pem"
key = "b.key"
[tls]
minimum_version = "1.3"
trust_store = "ca.pem"
ticket_rotation = "2h"
[dns]
servers = ["192.0.2.53", "[2001:db8::53]:5353"]
trust_anchor = "root.key"
refuse_bogus = true
[limits]
message_size = 100000
header_section = "64KiB"
text_line = 0
recipients = 10
received_fields = 30
data_rate = "1KiB"
errors = 3
commands = 50
sessions = 3
sessions_per_client = 2
memory_per_core = "256MiB"
next_hop_connections = 7
[timeouts]
command = "300ms"
data_block = "1s"
data_rate_grace = "2s"
send = "3s"
tls_handshake = "4s"
proxy_header = "5s"
next_hop_connect = "6s"
next_hop_command = "7s"
next_hop_data_block = "8s"
next_hop_data_end = "9s"
next_hop_wait = "10s"
next_hop_idle = "11s"
next_hop_age = "12s"
[delivery]
alternate_secure_route = "courier"
port = 2525
concurrency = 7
destination_concurrency = 3
retry = ["1m", "2h"]
warning = "3h"
expiry = "4d"
[admin]
address = ""
[log]
level = "debug"
)");
    CHECK(read.mistakes.text() == "");
    const Settings& settings = read.settings;
    CHECK(settings.policy == "/srv/policy.toml");
    CHECK(settings.state_directory == "/etc/postern/state");
    CHECK(settings.cores == 4);
    CHECK(settings.drain == 5s);
    CHECK(settings.report_language == Language::japanese);
    REQUIRE(settings.listeners.size() == 2);
    const ListenerSettings& first = settings.listeners[0];
    CHECK(first.name == "behind a proxy");
    CHECK(first.address == "[::]:25");
    CHECK(first.tls == ListenerTls::implicit);
    CHECK(first.require_tls);
    CHECK(first.proxy_protocol);
    CHECK(first.may_proxy("10.1.2.3"));
    CHECK(first.may_proxy("2001:db8::1"));
    CHECK_FALSE(first.may_proxy("11.1.2.3"));
    CHECK_FALSE(first.may_proxy("not an address"));
    CHECK(settings.listeners[1].address == "[::]:26");
    CHECK(settings.listeners[1].tls == ListenerTls::off);
    CHECK(settings.certificates.size() == 2);
    CHECK(settings.tls.minimum_version == policy::TlsVersion::tls_1_3);
    CHECK(settings.tls.trust_store == "/etc/postern/ca.pem");
    CHECK(settings.tls.ticket_rotation == 2h);
    REQUIRE(settings.dns.servers.size() == 2);
    CHECK(settings.dns.servers[0].text() == "192.0.2.53:53");
    CHECK(settings.dns.servers[1].text() == "[2001:db8::53]:5353");
    CHECK(settings.dns.trust_anchor == "/etc/postern/root.key");
    CHECK(settings.dns.refuse_bogus);
    CHECK(settings.limits == Limits{.message_size = 100000,
                                    .header_section = 65536,
                                    .text_line = 0,
                                    .recipients = 10,
                                    .received_fields = 30,
                                    .data_rate = 1024,
                                    .errors = 3,
                                    .commands = 50,
                                    .sessions = 3,
                                    .sessions_per_client = 2,
                                    .memory_per_core = 268435456,
                                    .next_hop_connections = 7});
    CHECK(settings.timeouts == Timeouts{.command = 300ms,
                                        .data_block = 1s,
                                        .data_rate_grace = 2s,
                                        .send = 3s,
                                        .tls_handshake = 4s,
                                        .proxy_header = 5s,
                                        .next_hop_connect = 6s,
                                        .next_hop_command = 7s,
                                        .next_hop_data_block = 8s,
                                        .next_hop_data_end = 9s,
                                        .next_hop_wait = 10s,
                                        .next_hop_idle = 11s,
                                        .next_hop_age = 12s});
    CHECK(settings.delivery.alternate_secure_route == "courier");
    CHECK(settings.delivery.port == 2525);
    CHECK(settings.delivery.concurrency == 7);
    CHECK(settings.delivery.destination_concurrency == 3);
    CHECK(settings.delivery.retry == std::vector<std::chrono::milliseconds>{1min, 2h});
    CHECK(settings.delivery.warning == 3h);
    CHECK(settings.delivery.expiry == std::chrono::days{4});
    CHECK(settings.admin_address == "");
    CHECK(settings.log_level == LogLevel::debug);
}

TEST_CASE("an empty file is told everything that it lacks") {
    CHECK(mistakes_in("") == ": there is no [[listener]]; without one no mail can come in\n"
                             ":1:1: hostname is missing\n"
                             ":1:1: policy is missing\n");
}

TEST_CASE("a listener that offers TLS needs a certificate, one without TLS does not") {
    std::string text(least.substr(0, least.find("[[certificate]]")));
    CHECK(mistakes_in(text) ==
          ": there is no [[certificate]], but a listener offers TLS; give one, "
          "or set tls = \"off\" there\n");
    text += "tls = \"off\"\n";
    CHECK(mistakes_in(text) == "");
}

TEST_CASE("mistakes in a listener are named, each with its place") {
    struct Row {
        std::string_view line; // the sixth
        std::string_view mistake;
    };
    const Row row = GENERATE(
        Row{"direction = \"outbound\"",
            ":6:13: an outbound listener needs clients: the networks that may submit"},
        Row{"direction = \"outbound\"\nclients = []",
            ":7:11: warning: clients is empty: nobody may submit"},
        Row{"direction = \"outbound\"\nclients = [\"10.0.0.0/8\", \"0.0.0.0/0\"]",
            ":7:11: warning: clients lets everybody submit: that is an open relay"},
        Row{"direction = \"inbond\"", ":6:13: \"inbond\" is not known; did you mean \"inbound\"?"},
        Row{"tls = \"always\"", ":6:7: \"always\" is not known; use starttls, implicit or off"},
        Row{"require_tls = true\ntls = \"off\"",
            ":6:15: require_tls needs a tls other than \"off\""},
        Row{"proxy_protocol = true",
            ":6:18: proxy_protocol needs proxies: the networks that may use it"},
        Row{"proxies = []", ":6:11: warning: proxies has no effect without proxy_protocol = true"},
        Row{"clients = [\"10.0.0.0/8\"]",
            ":6:11: warning: clients has no effect on an inbound listener"},
        Row{"proxy_protocol = true\nproxies = [\"x\"]",
            ":7:12: \"x\" is not a network; write \"10.0.0.0/8\" or \"2001:db8::/32\""},
        Row{"requre_tls = true", ":6:1: unknown key requre_tls; did you mean require_tls?"});
    CAPTURE(row.line);
    CHECK(mistakes_in(with_listener(row.line)) == std::string(row.mistake) + "\n");
}

TEST_CASE("an outbound listener takes mail from its clients") {
    const auto read = loaded(with_listener("direction = \"outbound\"\nclients = [\"10.0.0.0/8\"]"));
    CHECK(read.mistakes.text() == "");
    const ListenerSettings& listener = read.settings.listeners.at(0);
    CHECK(listener.direction == Direction::outbound);
    CHECK(text(listener.direction) == "outbound");
    CHECK(text(Direction::inbound) == "inbound");
    CHECK(listener.may_submit("10.1.2.3"));
    CHECK_FALSE(listener.may_submit("11.1.2.3"));
    CHECK_FALSE(listener.may_submit("not an address"));
}

TEST_CASE("listeners differ in name and address, but any number may have any free port") {
    CHECK(mistakes_in(with("[[listener]]\nname = \"b\"\naddress = \"127.0.0.1:0\"\n")) == "");
    CHECK(mistakes_in(with("[[listener]]\nname = \"mx\"\naddress = \"127.0.0.1:0\"\n")) ==
          ":10:8: another listener is named \"mx\", too\n");
    CHECK(mistakes_in(with("[[listener]]\nname = \"b\"\naddress = \"[::]:25\"\n"
                           "[[listener]]\nname = \"c\"\naddress = \"[0::0]:25\"\n")) ==
          ":14:11: listener \"b\" has this address already\n");
    CHECK(mistakes_in(with("[[listener]]\naddress = \"localhost:25\"\n")) ==
          ":9:1: name is missing\n"
          ":10:11: \"localhost:25\" is not an address with a port; write \"[::]:25\" or "
          "\"0.0.0.0:25\"\n");
}

TEST_CASE("a host name is a host name") {
    struct Row {
        std::string_view name;
        std::string_view mistake;
    };
    const Row row = GENERATE(
        Row{"mx1.example.org", ""},
        Row{"mx1", ":1:12: warning: \"mx1\" has no domain; others may not believe it\n"},
        Row{"", ":1:12: hostname must not be empty\n"},
        Row{"mx 1.example.org",
            ":1:12: \"mx 1.example.org\" is not a host name; write one such as "
            "\"mx1.example.org\"\n"},
        Row{"m\u00fc.example",
            ":1:12: \"m\u00fc.example\" is not a host name; write one such as "
            "\"mx1.example.org\"\n"},
        Row{"[192.0.2.1]",
            ":1:12: \"[192.0.2.1]\" is not a host name; write one such as \"mx1.example.org\"\n"},
        Row{"a..b", ":1:12: \"a..b\" is not a host name; write one such as \"mx1.example.org\"\n"});
    std::string text(least);
    text.replace(12, std::string_view("mx1.example.org").size(), row.name);
    CHECK(mistakes_in(text) == row.mistake);
}

TEST_CASE("the last allowed value is taken, the first beyond it is refused") {
    struct Row {
        std::string_view table;
        std::string_view good;
        std::string_view bad;
    };
    const Row row = GENERATE(
        Row{"limits", "message_size = 1024", "message_size = 1023"},
        Row{"limits", "message_size = \"4GiB\"", "message_size = 4294967297"},
        Row{"limits", "text_line = 1000", "text_line = 999"},
        Row{"limits", "text_line = 0", "text_line = 1"},
        Row{"limits", "recipients = 1", "recipients = 0"},
        Row{"limits", "recipients = 100000", "recipients = 100001"},
        Row{"limits", "data_rate = 0", "data_rate = -1"},
        Row{"limits", "commands = 10", "commands = 9"},
        Row{"timeouts", "command = \"10ms\"", "command = \"9ms\""},
        Row{"timeouts", "send = \"24h\"", "send = \"24h1ms\""},
        Row{"delivery", "port = 65535", "port = 65536"},
        Row{"delivery", "concurrency = 1", "concurrency = 0"},
        Row{"delivery", "destination_concurrency = 100000", "destination_concurrency = 100001"},
        Row{"delivery", "retry = [\"1s\"]", "retry = [\"999ms\"]"},
        Row{"delivery", "retry = [\"7d\"]", "retry = [\"8d\"]"},
        Row{"delivery", "retry = [\"1h\"]", "retry = []"},
        Row{"delivery", "warning = \"0s\"", "warning = \"31d\""},
        Row{"delivery", "expiry = \"30d\"", "expiry = \"31d\""},
        Row{"tls", "ticket_rotation = \"1h\"", "ticket_rotation = \"59m\""},
        Row{"tls", "minimum_version = \"1.0\"", "minimum_version = \"1.4\""},
        Row{"dns", "servers = [\"::1\"]", "servers = [\"localhost\"]"},
        Row{"log", "level = \"error\"", "level = \"fatal\""},
        Row{"admin", "address = \"[::1]:0\"", "address = \"8025\""});
    const std::string table = "[" + std::string(row.table) + "]\n";
    CAPTURE(row.good, row.bad);
    CHECK(mistakes_in(with(table + std::string(row.good))) == "");
    const std::string mistakes = mistakes_in(with(table + std::string(row.bad)));
    CHECK(mistakes.starts_with(":10:"));
    CHECK(std::ranges::count(mistakes, '\n') == 1);
}

TEST_CASE("an admin address that strangers reach is a warning") {
    const LoadedSettings read = loaded(with("[admin]\naddress = \"0.0.0.0:8025\"\n"));
    CHECK(read.usable());
    CHECK(read.settings.admin_address == "0.0.0.0:8025");
    CHECK(read.mistakes.warnings() == 1);
}

TEST_CASE("all mistakes come in one go, and what was understood is there nevertheless") {
    const LoadedSettings read = loaded("hostname = 5\npolicy = \"p.toml\"\nlisteners = 1\n"
                                       "[limits]\nrecipient = 5\nsessions = \"many\"\n");
    CHECK_FALSE(read.usable());
    CHECK(read.mistakes.errors() == 5);
    CHECK(read.settings.policy == "/etc/postern/p.toml");
    CHECK(read.mistakes.text().contains("unknown key listeners; did you mean listener?"));
    CHECK(read.mistakes.text().contains("unknown key recipient; did you mean recipients?"));
}

TEST_CASE("the example is without a mistake, and says what counts without it") {
    const std::string path = POSTERN_SOURCE_DIR "/deploy/example/postern.toml";
    const LoadedSettings read = load_settings(path);
    CHECK(read.mistakes.text() == "");
    CHECK(read.settings.listeners.size() == 1);

    // With every `# key = value` and all that some need (`#key = value`) brought to life, nothing
    // else changes but the places.
    std::ifstream file(path);
    std::string text;
    for (std::string line; std::getline(file, line);) {
        const bool shows =
            line.starts_with("# ") && line.contains(" = ") && line.find(' ', 2) == line.find(" = ");
        const bool needed_by_some = line.size() > 1 && line[0] == '#' && line[1] > ' ';
        text += line.substr(shows ? 2 : needed_by_some ? 1 : 0) + "\n";
    }
    const LoadedSettings all = settings_from(text, path);
    CHECK(all.mistakes.text() == "");
    CHECK(all.settings.listeners.size() == 3);
    CHECK(all.settings.limits == read.settings.limits);
    CHECK(all.settings.timeouts == read.settings.timeouts);
    CHECK(all.settings.drain == read.settings.drain);
    CHECK(all.settings.delivery == read.settings.delivery);
    CHECK(all.settings.tls.trust_store == read.settings.tls.trust_store);
    CHECK(all.settings.tls.minimum_version == read.settings.tls.minimum_version);
    CHECK(all.settings.tls.ticket_rotation == read.settings.tls.ticket_rotation);
    CHECK(all.settings.dns.trust_anchor == read.settings.dns.trust_anchor);
    CHECK(all.settings.dns.refuse_bogus == read.settings.dns.refuse_bogus);
    CHECK((text.contains("\nnext_hop_age = ") && text.contains("\ncores = ")));
}

TEST_CASE("a file that is missing or no TOML has one mistake") {
    CHECK(mistakes_in("hostname = ").starts_with(":1:"));
    const LoadedSettings read = load_settings("/nonexistent/a.toml");
    CHECK_FALSE(read.usable());
    CHECK(read.mistakes.text() ==
          "/nonexistent/a.toml: cannot be opened: No such file or directory\n");
}

} // namespace postern::gateway
