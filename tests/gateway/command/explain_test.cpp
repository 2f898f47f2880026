#include "gateway/command/explain.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "tests/gateway/command/outcome.h"
#include "tests/gateway/directory.h"

namespace postern::command::test {
namespace {

constexpr std::string_view rules = R"(
[[organization]]
name = "example"
domains = ["example.org"]
[[address_list]]
name = "banks"
file = "banks.txt"
[[address_list]]
name = "early"
entries = ["early.example"]
[[address_list]]
name = "watched"
entries = ["watched.example"]
[[tls_compliance]]
name = "banks over TLS"
directions = ["inbound", "outbound"]
address_lists = ["banks"]
require_trusted_certificate = true
[[tls_compliance]]
name = "never in clear"
directions = ["inbound"]
address_lists = ["early"]
refuse_at_mail = true
[[tls_compliance]]
name = "on trial"
directions = ["inbound"]
address_lists = ["watched"]
mode = "report"
[[route]]
name = "servers"
domains = ["example.org"]
hosts = ["127.0.0.1:25"]
)";

std::string listener(std::string_view name, std::string_view more) {
    return "[[listener]]\nname = \"" + std::string{name} +
           "\"\naddress = \"127.0.0.1:" + (name == "mx" ? "25" : "587") + "\"\n" +
           std::string{more} + "\n";
}

// A host's files. By default its one listener has STARTTLS on offer.
struct Host {
    gateway::test::Directory directory;
    std::string policy = directory.write("policy.toml", rules);
    std::string config;

    explicit Host(const std::string& listeners = listener("mx", "")) {
        directory.write("banks.txt", "bank.example cfo@partner.example # and nobody else\n");
        config = directory.write("postern.toml",
                                 "hostname = \"mx1.example.org\"\npolicy = \"policy.toml\"\n" +
                                     listeners +
                                     "[[certificate]]\nchain = \"a.pem\"\nkey = \"a.key\"\n");
    }

    [[nodiscard]] Outcome explained(Arguments arguments) const {
        arguments.insert(arguments.end(), {"--config", config});
        Outcome outcome = outcome_of(explain, arguments);
        outcome.err = directory.without(std::move(outcome.err));
        return outcome;
    }
};

// What stands behind a label at the beginning of a line; "" without such a line.
std::string row_of(std::string_view text, std::string_view label) {
    const std::size_t width = std::string_view{"direction     "}.size();
    const std::string begin = "\n" + std::string{label} + std::string(width - label.size(), ' ');
    const std::string lines = "\n" + std::string{text};
    const std::size_t at = lines.find(begin);
    if (at == std::string::npos) return {};
    const std::size_t from = at + begin.size();
    return lines.substr(from, lines.find('\n', from) - from);
}

} // namespace

TEST_CASE("explain tells the verdict and the reply of each row that hangs on sender and session") {
    struct Row {
        std::string_view row;
        std::string_view from;
        std::string_view tls;
        std::string_view verdict;
        std::string_view early;
        std::string_view reply;
    };
    const std::string_view next_hop = "that of the next hop";
    const auto row = GENERATE_COPY(
        Row{"I7", "a@early.example", "none", "refused", "530 5.7.10 ", "550 5.7.10 "},
        Row{"I7: in TLS", "a@early.example", "1.2", "accepted", "", next_hop},
        Row{"I7: too old", "a@early.example", "1.1", "refused", "", "550 5.7.10 "},
        Row{"I9", "b@other.example", "none", "accepted", "", next_hop},
        Row{"I9: subdomain", "b@sub.bank.example", "none", "accepted", "", next_hop},
        Row{"I9: another one", "ceo@partner.example", "none", "accepted", "", next_hop},
        Row{"I9: nobody", "<>", "none", "accepted", "", next_hop},
        Row{"I9: reported", "a@watched.example", "none", "accepted", "", next_hop},
        Row{"I10: at the floor", "a@bank.example", "1.2", "accepted", "", next_hop},
        Row{"I10", "cfo@partner.example", "1.3", "accepted", "", next_hop},
        Row{"I11",
            "a@bank.example",
            "none",
            "refused",
            "",
            "550 5.7.10 TLS required: mail from bank.example is accepted over TLS only "
            "(banks over TLS)"},
        Row{"I11: any spelling", "CFO@Partner.Example", "none", "refused", "", "550 5.7.10 "},
        Row{"I13",
            "a@bank.example",
            "1.1",
            "refused",
            "",
            "550 5.7.10 TLS 1.2 or later required: mail from bank.example "},
        Row{"I13: oldest", "a@bank.example", "1.0", "refused", "", "550 5.7.10 TLS 1.2 "});
    CAPTURE(row.row);
    const Host host;
    const auto [code, out, err] =
        host.explained({"--from", row.from, "--to", "user@example.org", "--tls", row.tls});
    CHECK(err.empty());
    CHECK(code == (row.verdict == "accepted" ? 0 : 1));
    CHECK(row_of(out, "direction") == "inbound");
    CHECK(row_of(out, "verdict") == row.verdict);
    CHECK_THAT(row_of(out, "early reply"), Catch::StartsWith(std::string{row.early}));
    CHECK(row_of(out, "early reply").empty() == row.early.empty());
    CHECK_THAT(row_of(out, "reply"), Catch::StartsWith(std::string{row.reply}));
}

TEST_CASE("explain defers by I12 exactly where no inbound listener has TLS on offer") {
    struct Row {
        std::string listeners;
        bool deferred;
    };
    const auto row = GENERATE(Row{listener("mx", "tls = \"off\""), true},
                              Row{listener("mx", "tls = \"starttls\""), false},
                              Row{listener("mx", "tls = \"implicit\""), false},
                              Row{listener("mx", "tls = \"off\"") + listener("other", ""), false});
    CAPTURE(row.listeners);
    const Host host{row.listeners};
    for (const std::string_view from : {"a@bank.example", "a@early.example"}) {
        const auto [code, out, err] = host.explained({"--from", from, "--to", "user@example.org"});
        INFO(err);
        CHECK(code == 1);
        CHECK(row_of(out, "verdict") == (row.deferred ? "deferred" : "refused"));
        CHECK_THAT(row_of(out, "reply"),
                   Catch::StartsWith(row.deferred ? "451 4.7.0 " : "550 5.7.10 "));
    }
}

TEST_CASE("explain knows mail for others and from us, and does not relay the rest") {
    struct Row {
        Arguments more;
        std::string_view from;
        std::string_view to;
        std::string_view direction;
        std::string_view verdict;
    };
    const std::string_view anyhow = "accepted: delivered, whatever certificate the host has";
    const auto row = GENERATE_COPY(
        Row{{}, "me@example.org", "b@other.example", "outbound", anyhow},
        Row{{},
            "me@example.org",
            "b@bank.example",
            "outbound",
            "refused: returned to the sender, 5.7.10 starttls-not-supported"},
        Row{{"--tls", "1.3"},
            "me@example.org",
            "b@bank.example",
            "outbound",
            "accepted: delivered to a host with a trusted certificate for its name"},
        Row{{}, "me@example.org", "you@example.org", "inbound", "accepted"},
        Row{{"--direction=outbound"}, "me@example.org", "you@example.org", "outbound", anyhow},
        Row{{}, "<>", "b@other.example", "inbound", "refused"},
        Row{{}, "a@other.example", "b@other.example", "inbound", "refused"},
        Row{{"--direction", "inbound"}, "me@example.org", "b@x.example", "inbound", "refused"});
    CAPTURE(row.from, row.to, row.more);
    const Host host;
    Arguments arguments{"--from", row.from, "--to", row.to};
    arguments.insert(arguments.end(), row.more.begin(), row.more.end());
    const auto [code, out, err] = host.explained(arguments);
    CHECK(err.empty());
    CHECK(code == (row.verdict.starts_with("accepted") ? 0 : 1));
    CHECK(row_of(out, "direction") == row.direction);
    CHECK(row_of(out, "verdict") == row.verdict);
}

TEST_CASE("of several From addresses explain takes each, in every spelling of the options") {
    const Host host;
    const auto [code, out, err] = host.explained(
        {"--to=user@example.org", "--from=a@other.example", "--from", "b@bank.example"});
    CHECK(code == 1);
    CHECK(row_of(out, "from") == "a@other.example, b@bank.example");
    CHECK_THAT(row_of(out, "reply"), Catch::Contains(" mail from bank.example "));
}

TEST_CASE("explain answers programs in JSON, with the same exit code") {
    const Host host;
    const auto [code, out, err] =
        host.explained({"--json", "--from", "a@bank.example", "--to", "user@example.org"});
    CHECK(code == 1);
    CHECK_THAT(out, Catch::StartsWith("{\"direction\":\"inbound\",") && Catch::EndsWith("}\n"));
    CHECK_THAT(out, Catch::Contains("\"verdict\":\"refused\""));
}

TEST_CASE("another policy is explained without looking at the host") {
    const Host host;
    const std::string other = host.directory.write(
        "other.toml",
        "[[route]]\nname = \"all\"\ndomains = [\"example.org\"]\nhosts = [\"127.0.0.1:25\"]\n");
    const auto outcome = outcome_of(explain,
                                    {"--config=/nonexistent",
                                     "--policy",
                                     other,
                                     "--from=a@bank.example",
                                     "--to=user@example.org"});
    CHECK(outcome.code == 0);
    CHECK(outcome.err.empty());
    CHECK(row_of(outcome.out, "settings") == "none");
}

TEST_CASE("files with mistakes explain nothing, and the mistakes are told") {
    const Host host;
    const Arguments question{"--from", "a@bank.example", "--to", "user@example.org"};
    const auto complaint = [&] {
        const auto [code, out, err] = host.explained(question);
        CHECK(code == 1);
        CHECK(out.empty());
        return err;
    };
    host.directory.write("banks.txt", "bank.example\n-bad-.example..\n");
    CHECK_THAT(complaint(), Catch::StartsWith("banks.txt:2:"));

    std::filesystem::remove(host.policy);
    CHECK(complaint() == "policy.toml: cannot be opened: No such file or directory\n");

    host.directory.write("policy.toml", "[[route]\n");
    CHECK_THAT(complaint(), Catch::StartsWith("policy.toml:1:"));

    host.directory.write("postern.toml", "hostname = \"mx1.example.org\"\nhostnam = 1\n");
    CHECK_THAT(complaint(), Catch::Contains("postern.toml:2:1: unknown key hostnam"));

    std::filesystem::remove(host.config);
    CHECK(complaint() == "postern.toml: cannot be opened: No such file or directory\n");
}

TEST_CASE("each wrong use of explain is told in a sentence, and nothing is explained") {
    struct Row {
        Arguments arguments;
        std::string_view complaint;
    };
    const std::string_view from = "--from=a@bank.example";
    const std::string_view to = "--to=user@example.org";
    const auto row = GENERATE_COPY(
        Row{{}, "--from is missing; try --help"},
        Row{{to}, "--from is missing; try --help"},
        Row{{from}, "--to is missing; try --help"},
        Row{{from, to, "--to=other@example.org"}, "--to may be given once"},
        Row{{from, "--to"}, "--to needs a value"},
        Row{{to, "--from"}, "--from needs a value"},
        Row{{from, to, "--tls"}, "--tls needs a value"},
        Row{{from, to, "--direction"}, "--direction needs a value"},
        Row{{from, to, "--policy"}, "--policy needs a value"},
        Row{{"--from=bank.example", to}, "--from \"bank.example\" has no \"@\""},
        Row{{"--from=@bank.example", to},
            "--from \"@bank.example\" has no proper name before the \"@\""},
        Row{{"--from=a@x..example", to}, "--from \"a@x..example\" has no proper domain"},
        Row{{from, "--to="}, "--to \"\" is empty"},
        Row{{from, "--to", "<>"}, "--to \"<>\" has no \"@\""},
        Row{{from, "--to=user@"}, "--to \"user@\" has no proper domain"},
        Row{{from, to, "--direction=sideways"},
            "\"sideways\" is no direction; use inbound or outbound"},
        Row{{from, to, "--tls=1.4"}, "\"1.4\" is no TLS version; use none, 1.0, 1.1, 1.2 or 1.3"},
        Row{{from, to, "--tls="}, "\"\" is no TLS version; use none, 1.0, 1.1, 1.2 or 1.3"},
        Row{{from, to, "--policy="}, "--policy needs the name of a file"},
        Row{{from, to, "--config"}, "--config needs the name of a file"},
        Row{{from, to, "--config="}, "--config needs the name of a file"},
        Row{{from, to, "--fro=x"}, "unknown argument \"--fro=x\"; try --help"},
        Row{{from, to, "please"}, "unknown argument \"please\"; try --help"});
    CAPTURE(row.arguments);
    const auto [code, out, err] = outcome_of(explain, row.arguments);
    CHECK(code == 2);
    CHECK(out.empty());
    CHECK(err == "postern explain: " + std::string{row.complaint} + "\n");
}

TEST_CASE("the file of --config may be called like an option of explain") {
    const auto [code, out, err] =
        outcome_of(explain, {"--from=a@bank.example", "--to=user@example.org", "--config", "--to"});
    CHECK(code == 1);
    CHECK(err == "--to: cannot be opened: No such file or directory\n");
}

TEST_CASE("explain helps whatever else is missing") {
    const auto [code, out, err] = outcome_of(explain, {"--help"});
    CHECK(code == 0);
    CHECK_THAT(out, Catch::StartsWith("usage: postern explain "));
    CHECK(err.empty());
}

} // namespace postern::command::test
