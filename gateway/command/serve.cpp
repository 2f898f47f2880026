#include "gateway/command/serve.h"

#include "gateway/command/options.h"
#include "gateway/gateway.h"
#include "gateway/supervisor.h"
#include "ssl/library.h"
#include "ssl/ticket.h"

namespace postern::command {
namespace {

constexpr std::string_view help =
    "usage: postern serve [--config FILE]\n"
    "\n"
    "Runs the gateway in the foreground: log lines (JSON) on standard output, mistakes in the\n"
    "files on standard error. SIGHUP or `postern reload` reads the files again, as does any\n"
    "change of them; SIGTERM and SIGINT finish what is running and end it.\n"
    "\n"
    "  --config FILE   what this host is (default /etc/postern/postern.toml)\n";

} // namespace

int serve(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err) {
    const auto options = read_options(arguments);
    if (!options) {
        err << "postern serve: " << options.error() << '\n';
        return 2;
    }
    if (options->help) {
        out << help;
        return 0;
    }
    const auto library = ssl::Library::open();
    if (!library) {
        err << "postern serve: " << ssl::text(library.error()) << '\n';
        return 1;
    }
    const auto keys = ssl::TicketKeys::generate();
    if (!keys) {
        err << "postern serve: " << ssl::text(keys.error()) << '\n';
        return 1;
    }
    gateway::Gateway gateway{options->config, err, *keys, gateway::Supervisor::from_environment()};
    return gateway.run();
}

} // namespace postern::command
