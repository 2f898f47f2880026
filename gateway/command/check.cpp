#include "gateway/command/check.h"

#include "gateway/command/options.h"
#include "gateway/configuration.h"
#include "gateway/report/line.h"
#include "gateway/settings.h"
#include "policy/demand.h"
#include "policy/mistake.h"
#include "ssl/library.h"
#include "ssl/version.h"

#include <cstddef>
#include <string>

namespace postern::command {
namespace {

constexpr std::string_view help =
    "usage: postern check [--config FILE] [--json]\n"
    "\n"
    "Reads postern.toml, the policy, its lists, the certificates and keys as `postern serve` "
    "would,\n"
    "and prints everything that is wrong with them, one mistake a line:\n"
    "\n"
    "  FILE:LINE:COLUMN: what is wrong, and what would be right\n"
    "\n"
    "Exit code 0: fit to run, though there may be warnings. 1: not. 2: wrong usage.\n"
    "\n"
    "  --config FILE   what this host is (default /etc/postern/postern.toml)\n"
    "  --json          as one JSON object\n";

/// The library says at run time what it was built with.
void check_library(const gateway::Settings& settings, policy::Mistakes& mistakes) {
    const auto wanted = ssl::version_from(policy::text(settings.tls.minimum_version));
    const ssl::Version oldest = ssl::Library::oldest_version();
    if (!wanted || *wanted >= oldest) return;
    mistakes.error(settings.file,
                   settings.tls.minimum_version_place,
                   "the TLS library has no TLS " + std::string(ssl::text(*wanted)) +
                       "; the oldest it has is " + std::string(ssl::text(oldest)));
}

std::string counted(std::size_t count, std::string_view one) {
    return std::to_string(count) + " " + std::string(one) + (count == 1 ? "" : "s");
}

std::string for_people(const policy::Mistakes& mistakes) {
    return mistakes.text() + counted(mistakes.errors(), "error") + ", " +
           counted(mistakes.warnings(), "warning") + "\n";
}

std::string for_programs(const policy::Mistakes& mistakes) {
    std::string json = "{\"errors\":" + std::to_string(mistakes.errors()) +
                       ",\"warnings\":" + std::to_string(mistakes.warnings()) + ",\"mistakes\":[";
    for (const policy::Mistake& mistake : mistakes.all()) {
        if (!json.ends_with('[')) json += ',';
        const bool warning = mistake.severity == policy::Severity::warning;
        json.append(R"({"severity":")").append(warning ? "warning" : "error");
        json += R"(","file":)";
        report::append_json(json, mistake.file);
        json += ",\"line\":" + std::to_string(mistake.place.line);
        json += ",\"column\":" + std::to_string(mistake.place.column) + ",\"message\":";
        report::append_json(json, mistake.message);
        json += '}';
    }
    return json + "]}\n";
}

} // namespace

int check(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err) {
    const auto options = read_options(arguments);
    if (!options) {
        err << "postern check: " << options.error() << '\n';
        return 2;
    }
    if (options->help) {
        out << help;
        return 0;
    }
    const auto library = ssl::Library::open();
    if (!library) {
        err << "postern check: " << ssl::text(library.error()) << '\n';
        return 1;
    }
    policy::Mistakes mistakes = gateway::load_configuration(options->config, 1, nullptr).mistakes;
    check_library(gateway::load_settings(options->config).settings, mistakes);
    mistakes.sort();
    out << (options->json ? for_programs(mistakes) : for_people(mistakes));
    return mistakes.errors() == 0 ? 0 : 1;
}

} // namespace postern::command
