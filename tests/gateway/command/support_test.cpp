#include "gateway/command/ask.h"
#include "gateway/command/support.h"

#include <catch2/catch.hpp>

#include <string>

#include "tests/gateway/command/outcome.h"
#include "tests/gateway/directory.h"

namespace postern::command::test {
namespace {

struct Host {
    gateway::test::Directory directory;
    std::string config = directory.write("postern.toml",
                                         "hostname = \"mx1.example.org\"\n"
                                         "policy = \"policy.toml\"\n"
                                         "state_directory = \".\"\n"
                                         "nonsense = 1\n");

    [[nodiscard]] Outcome asked(Arguments more = {}) const {
        more.insert(more.begin(), {"--full", "--config", config});
        Outcome outcome = outcome_of(status, more);
        outcome.out = directory.without(std::move(outcome.out));
        return outcome;
    }
};

} // namespace

TEST_CASE("without a gateway the rest is said, and that it is the rest") {
    const auto [code, out, err] = Host{}.asked();
    CHECK(code == 1);
    CHECK(err.empty());
    for (const std::string_view part :
         {"  gateway: no gateway answers at ./control.sock: No such file or directory\n",
          "  left_out: gateway, process, counters, latest_errors",
          "[versions]\n",
          "[machine]\n",
          "[limits_of_this_command]\n",
          "  hostname: mx1.example.org\n",
          "    postern.toml:4:1: ",
          "[files]\n"}) {
        CAPTURE(part);
        CHECK(out.contains(part));
    }
    CHECK_FALSE(out.contains("[counters]"));
}

TEST_CASE("for programs it is one object") {
    const auto [code, out, err] = Host{}.asked({"--json"});
    CHECK(code == 1);
    CHECK(out.starts_with(R"({"report":{"made":")"));
    CHECK(out.contains(R"(},"settings":{"hostname":"mx1.example.org",)"));
    CHECK(out.ends_with("]}}\n"));
}

TEST_CASE("a file that is not there is a mistake among others") {
    const auto [code, out, err] =
        outcome_of(status, {"--full", "--config", "/nonexistent/postern.toml"});
    CHECK(code == 1);
    CHECK(out.contains("  gateway: /nonexistent/postern.toml: cannot be opened"));
    CHECK(out.contains("[machine]\n"));
}

TEST_CASE("a wrong argument is wrong here too") {
    const auto [code, out, err] = outcome_of(status, {"--full", "now"});
    CHECK(code == 2);
    CHECK(out.empty());
    CHECK(err == "postern status: unknown argument \"now\"; try --help\n");
}

} // namespace postern::command::test
