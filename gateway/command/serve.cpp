#include "gateway/command/serve.h"

#include "gateway/command/options.h"
#include "gateway/command/take_over.h"
#include "gateway/gateway.h"
#include "gateway/settings.h"
#include "gateway/supervisor.h"
#include "ssl/library.h"
#include "ssl/ticket.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

namespace postern::command {
namespace {

constexpr std::string_view help =
    "usage: postern serve [--config FILE] [--take-over]\n"
    "\n"
    "Runs the gateway in the foreground: log lines (JSON) on standard output, mistakes in the\n"
    "files on standard error. SIGHUP or `postern reload` reads the files again, as does any\n"
    "change of them; SIGTERM and SIGINT finish what is running and end it.\n"
    "\n"
    "  --config FILE   what this host is (default /etc/postern/postern.toml)\n"
    "  --take-over     in place of the gateway that runs with these files: it finishes what is\n"
    "                  running and ends, and clients who come in the meantime wait for this one.\n"
    "                  For those without systemd, where a restart of the service does the same\n";

// Files of root's in another user's state directory would be out of that user's reach, the queue
// among them.
std::string refusal_of_root(const std::string& config) {
    const std::string directory = gateway::load_settings(config).settings.state_directory;
    struct stat facts{};
    if (::geteuid() != 0 || ::stat(directory.c_str(), &facts) != 0 || facts.st_uid == 0) return {};
    return directory + " is not root's: run this as its owner, see postern(8)";
}

} // namespace

int serve(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err) {
    std::vector<std::string_view> others(arguments.begin(), arguments.end());
    const bool takes_over = std::erase(others, "--take-over") > 0;
    const auto options = read_options(others);
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
    if (const std::string problem = refusal_of_root(options->config); !problem.empty()) {
        err << "postern serve: " << problem << '\n';
        return 1;
    }
    gateway::Supervisor supervisor = gateway::Supervisor::from_environment();
    std::vector<io::Descriptor> inherited = supervisor.take_sockets();
    if (takes_over) {
        auto taken = take_over(options->config);
        if (!taken) {
            err << taken.error();
            return 1;
        }
        inherited = std::move(*taken);
    }
    gateway::Gateway gateway{
        options->config, err, *keys, std::move(supervisor), std::move(inherited)};
    return gateway.run();
}

} // namespace postern::command
