// START HERE. One binary, several subcommands: each is a function of its arguments in command/.
// `serve` is the gateway: command/serve.cpp makes a Gateway (gateway.h), which loads the
// configuration, starts a Core (core.h) on each CPU, and waits.

#include "gateway/command/ask.h"
#include "gateway/command/check.h"
#include "gateway/command/explain.h"
#include "gateway/command/import.h"
#include "gateway/command/probe.h"
#include "gateway/command/queue.h"
#include "gateway/command/serve.h"

#include <mimalloc.h>

#include <array>
#include <iostream>
#include <span>
#include <string_view>
#include <vector>

namespace {

using namespace postern;

constexpr std::string_view usage =
    "usage: postern COMMAND [OPTIONS]\n"
    "\n"
    "  serve     run the gateway\n"
    "  check     say everything that is wrong with the configuration\n"
    "  explain   say what the policy decides about a message, and why\n"
    "  import    turn tables of Postfix into a part of the policy\n"
    "  probe     test the TLS of a domain's mail hosts, or of one host\n"
    "  queue     the mail that waits to go out: list, show, retry, hold, drop\n"
    "  reload    have the running gateway read its files again\n"
    "  status    what the running gateway says of itself\n"
    "  version   print the version\n"
    "\n"
    "`postern COMMAND --help` says more. Exit codes: 0 ok, 1 no, 2 usage.\n";

int version(std::span<const std::string_view> /*arguments*/,
            std::ostream& out,
            std::ostream& /*err*/) {
    out << "postern " << POSTERN_VERSION << '\n';
    return 0;
}

struct Command {
    std::string_view name;
    int (*run)(std::span<const std::string_view>, std::ostream&, std::ostream&);
};

constexpr std::array commands{
    Command{"serve", command::serve},
    Command{"check", command::check},
    Command{"explain", command::explain},
    Command{"import", command::import_tables},
    Command{"probe", command::probe},
    Command{"queue", command::queue},
    Command{"reload", command::reload},
    Command{"status", command::status},
    Command{"version", version},
};

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    if (arguments.empty()) {
        std::cerr << usage;
        return 2;
    }
    if (arguments.front() == "--help" || arguments.front() == "help") {
        std::cout << usage;
        return 0;
    }
    for (const Command& command : commands) {
        if (command.name != arguments.front()) continue;
        return command.run(std::span{arguments}.subspan(1), std::cout, std::cerr);
    }
    std::cerr << "postern: unknown command \"" << arguments.front() << "\"\n" << usage;
    return 2;
}
