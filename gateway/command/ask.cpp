#include "gateway/command/ask.h"

#include "gateway/command/options.h"
#include "gateway/command/support.h"
#include "gateway/endpoints.h"
#include "gateway/io/descriptor.h"
#include "gateway/settings.h"
#include "policy/document.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <expected>
#include <string>
#include <system_error>
#include <vector>

namespace postern::command {
namespace {

constexpr std::string_view reload_help =
    "usage: postern reload [--config FILE]\n"
    "\n"
    "Has the running gateway read postern.toml, the policy, its lists and the certificates\n"
    "again. Either all of it comes into use or, if there is any mistake, nothing; then every\n"
    "mistake is printed and the exit code is 1. Waits until all cores use what was read.\n"
    "\n"
    "  --config FILE   whose state directory tells where the gateway listens\n"
    "                  (default /etc/postern/postern.toml)\n";

constexpr std::string_view status_help =
    "usage: postern status [--full] [--config FILE] [--json]\n"
    "\n"
    "Prints what the running gateway says of itself. Exit code 1: none is running.\n"
    "\n"
    "  --full          all that a report of a fault should have: versions, kernel, settings,\n"
    "                  what is wrong with the files, counters, the latest errors. No content of a\n"
    "                  key; addresses and paths are in it. Without a running gateway what can be\n"
    "                  said without it\n"
    "  --config FILE   whose state directory tells where the gateway listens\n"
    "                  (default /etc/postern/postern.toml)\n"
    "  --json          as one JSON object\n";

std::unexpected<std::string> no_answer_at(const std::string& path) {
    const int error = errno;
    return std::unexpected{"no gateway answers at " + path + ": " +
                           std::generic_category().message(error)};
}

std::expected<io::Descriptor, std::string> connect_to(const std::string& path,
                                                      std::chrono::seconds wait) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return std::unexpected{path + " is too long for a socket"};
    }
    std::ranges::copy(path, address.sun_path);
    io::Descriptor fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) return no_answer_at(path);
    const timeval patience{.tv_sec = wait.count(), .tv_usec = 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return no_answer_at(path);
    }
    return fd;
}

// What stands between the quotes at the front, which are taken away with it.
std::string take_quoted(std::string_view& json) {
    std::string text;
    json.remove_prefix(1);
    while (!json.empty() && json.front() != '"') {
        if (json.front() == '\\' && json.size() > 1) json.remove_prefix(1);
        text += json.front();
        json.remove_prefix(1);
    }
    if (!json.empty()) json.remove_prefix(1);
    return text;
}

// {"a":1,"b":"x"} as one "a: 1" a line, for people.
std::string readable(std::string_view json) {
    std::string text;
    bool in_array = false;
    while (!json.empty()) {
        const char character = json.front();
        if (character == '"') {
            text += take_quoted(json);
            continue;
        }
        json.remove_prefix(1);
        switch (character) {
        case '{':
        case '}': break;
        case ':': text += ": "; break;
        case ',': text += in_array ? ',' : '\n'; break;
        default: text += character;
        }
        if (character == '[' || character == ']') in_array = character == '[';
    }
    return text;
}

// Of the gateway whose state directory this file names.
std::expected<std::string, std::string> control_path_of(const std::string& config) {
    // Mistakes in it are the gateway's to tell. But if nothing in it can be understood, the gateway
    // of the default directory may be another one.
    if (const auto document = policy::Document::load(config); !document) {
        return std::unexpected{document.error().text()};
    }
    return gateway::control_path(gateway::load_settings(config).settings);
}

} // namespace

std::expected<io::Descriptor, std::string> connect_to_gateway(const std::string& config,
                                                              std::chrono::seconds patience) {
    const auto path = control_path_of(config);
    if (!path) return std::unexpected{path.error()};
    return connect_to(*path, patience);
}

std::expected<std::string, std::string>
ask(const std::string& config, std::string_view words, std::chrono::seconds patience) {
    const auto path = control_path_of(config);
    if (!path) return std::unexpected{path.error()};
    const auto fd = connect_to(*path, patience);
    if (!fd) return std::unexpected{fd.error()};
    const std::string request = std::string{words} + "\r\n";
    if (::send(fd->get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
        return no_answer_at(*path);
    }
    std::string answer;
    std::array<char, std::size_t{64} << 10U> part{};
    for (;;) {
        const ssize_t read = ::recv(fd->get(), part.data(), part.size(), 0);
        // With a time limit set, the kernel does not go on by itself after a signal.
        if (read < 0 && errno == EINTR) continue;
        if (read < 0) return no_answer_at(*path);
        if (read == 0) break;
        answer.append(part.data(), static_cast<std::size_t>(read));
    }
    if (answer.empty()) return std::unexpected{"the gateway at " + *path + " gave no answer"};
    return answer;
}

int reload(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err) {
    const auto options = read_options(arguments);
    if (!options) {
        err << "postern reload: " << options.error() << '\n';
        return 2;
    }
    if (options->help) {
        out << reload_help;
        return 0;
    }
    const auto answer = ask(options->config, "reload");
    if (!answer) {
        err << "postern reload: " << answer.error() << '\n';
        return 1;
    }
    const bool done = answer->starts_with("ok\n");
    if (!done && !answer->starts_with("refused\n")) {
        err << "postern reload: not understood\n";
        return 1;
    }
    const std::string_view details = std::string_view{*answer}.substr(answer->find('\n') + 1);
    (done ? out : err) << details;
    return done ? 0 : 1;
}

int status(std::span<const std::string_view> all, std::ostream& out, std::ostream& err) {
    std::vector<std::string_view> arguments{all.begin(), all.end()};
    const bool is_full = std::erase(arguments, "--full") > 0;
    const auto options = read_options(arguments);
    if (!options) {
        err << "postern status: " << options.error() << '\n';
        return 2;
    }
    if (options->help) {
        out << status_help;
        return 0;
    }
    if (is_full) return support(arguments, out, err);
    const auto answer = ask(options->config, "status");
    if (!answer || !answer->starts_with("ok\n")) {
        err << "postern status: " << (answer ? "not understood" : answer.error()) << '\n';
        return 1;
    }
    const std::string_view json = std::string_view{*answer}.substr(3);
    out << (options->json ? std::string{json} : readable(json));
    return 0;
}

} // namespace postern::command
