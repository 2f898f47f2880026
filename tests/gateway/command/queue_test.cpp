#include "gateway/command/queue.h"

#include <catch2/catch.hpp>

#include <string>

#include "tests/gateway/command/outcome.h"
#include "tests/gateway/directory.h"
#include "tests/gateway/spool/queue.h"

namespace postern::command::test {
namespace {

using gateway::test::awaited;
using gateway::test::Directory;

// A gateway that does not run, with one message in its spool.
struct Stopped {
    Directory directory;
    std::string config = directory.write(
        "postern.toml",
        "hostname = \"mx1.example.org\"\npolicy = \"policy.toml\"\nstate_directory = \"state\"\n");
    std::string id;

    Stopped() {
        const std::string path = directory.path("state/spool");
        std::filesystem::create_directories(path);
        io::test::Loop loop;
        spool::Spool spool{loop.ring(), {.directory = path, .core = 0}, {}};
        {
            spool::Writer writer = spool.begin(spool::test::mail_from("a@one.example"),
                                               {spool::test::recipient("x@bank.example")},
                                               std::chrono::system_clock::now());
            id = spool::text(writer.id());
            REQUIRE(awaited(loop, writer.add("Subject: x\r\n\r\nhi\r\n")));
            REQUIRE(awaited(loop, writer.commit()));
        }
        loop.run(spool.stop());
    }
    [[nodiscard]] Outcome ask(Arguments arguments) const {
        arguments.emplace_back("--config");
        arguments.emplace_back(config);
        return outcome_of(queue, arguments);
    }
};

} // namespace

TEST_CASE("the queue of a gateway that does not run is read and changed in its place") {
    const Stopped gateway;
    const Outcome listed = gateway.ask({"list"});
    CHECK(listed.code == 0);
    CHECK(listed.err == "");
    CHECK(listed.out.starts_with(gateway.id));
    CHECK(listed.out.contains("x@bank.example  waiting"));
    CHECK(gateway.ask({"hold", gateway.id}).code == 0);
    CHECK(gateway.ask({"show", gateway.id}).out.contains("x@bank.example  held"));
    CHECK(gateway.ask({"drop", "--all"}).code == 0);
    CHECK(gateway.ask({"list"}).out == "");
}

TEST_CASE("a message that is not there is a no") {
    const Stopped gateway;
    const Outcome shown = gateway.ask({"show", "00000000000000ff"});
    CHECK(shown.code == 1);
    CHECK(shown.err == "postern queue: no such message\n");
}

TEST_CASE("without a spool the queue is empty") {
    const Directory directory;
    const std::string config = directory.write(
        "postern.toml", "hostname = \"a.example\"\npolicy = \"p\"\nstate_directory = \"state\"\n");
    const Outcome listed = outcome_of(queue, {"list", "--config", config});
    CHECK(listed.code == 0);
    CHECK(listed.out == "");
}

TEST_CASE("what is no request is wrong usage") {
    CHECK(outcome_of(queue, {}).code == 2);
    CHECK(outcome_of(queue, {"drop"}).err == "postern queue: which messages? Give ids, --from, "
                                             "--to, or --all\n");
    CHECK(outcome_of(queue, {"list", "--config"}).code == 2);
    const Outcome help = outcome_of(queue, {"--help"});
    CHECK(help.code == 0);
    CHECK(help.out.starts_with("usage: postern queue list"));
}

} // namespace postern::command::test
