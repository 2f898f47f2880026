#include "gateway/endpoints.h"

#include "gateway/gateway.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace postern::gateway {
namespace {

constexpr io::Duration patience{5000}; // an administrator's program says at once what it wants
constexpr std::size_t line_bytes_max = 4096;
constexpr std::size_t header_lines_max = 64;
constexpr std::size_t serving_max = 64;
constexpr int backlog = 64;

std::string http_response(std::string_view status,
                          std::string_view type,
                          std::string_view body,
                          bool with_body) {
    std::string response = "HTTP/1.1 ";
    response.append(status).append("\r\nContent-Type: ").append(type);
    response.append("\r\nContent-Length: ").append(std::to_string(body.size()));
    response.append("\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
    if (with_body) response += body;
    return response;
}

// A socket that only our own user can connect to. Takes the place of one that a dead gateway left.
std::expected<io::Descriptor, std::string> listen_on_path(const std::string& path) {
    const auto failed = [&path](const char* what) {
        return std::unexpected{std::string{what} + " " + path + ": " + std::strerror(errno)};
    };
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return failed("cannot make the control socket");
    }
    std::ranges::copy(path, address.sun_path);
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), ignored);
    io::Descriptor fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) return failed("cannot make the control socket");
    ::unlink(path.c_str());
    const mode_t before = ::umask(0177);
    const bool bound =
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::umask(before);
    if (!bound || ::listen(fd.get(), backlog) != 0) return failed("cannot make the control socket");
    return fd;
}

} // namespace

std::string control_path(const Settings& settings) {
    return settings.state_directory + "/control.sock";
}

Endpoints::Endpoints(Gateway& gateway, io::Ring& ring)
    : gateway_(gateway), ring_(ring), pause_(ring), tasks_(ring) {}

std::string Endpoints::open(const Settings& settings) {
    control_path_ = control_path(settings);
    auto control = listen_on_path(control_path_);
    if (!control) return control.error();
    control_ = std::make_unique<io::Acceptor>(ring_, std::move(*control));
    tasks_.spawn(accept(*control_, Speaks::control));
    if (settings.admin_address.empty()) return {};
    const auto address = io::Endpoint::parse(settings.admin_address);
    if (!address) return "cannot listen on " + settings.admin_address;
    auto admin = io::listen_on(*address, backlog);
    if (!admin) return admin.error();
    admin_ = std::make_unique<io::Acceptor>(ring_, std::move(*admin));
    tasks_.spawn(accept(*admin_, Speaks::http));
    return {};
}

io::Task<void> Endpoints::close() {
    if (admin_) admin_->stop();
    if (control_) control_->stop();
    if (control_) ::unlink(control_path_.c_str());
    [[maybe_unused]] const bool ended = co_await tasks_.ended(2 * patience);
}

io::Task<void> Endpoints::accept(io::Acceptor& acceptor, Speaks speaks) {
    for (;;) {
        auto fd = co_await acceptor.next();
        if (fd) {
            if (serving_ < serving_max) {
                tasks_.spawn(serve(io::Socket{ring_, std::move(*fd)}, speaks));
            }
        } else if (fd.error() == io::Error::cancelled) {
            co_return;
        } else {
            // Out of descriptors: sessions end, and then there are some.
            constexpr io::Duration pause{200};
            [[maybe_unused]] const bool woken = co_await pause_.wait(pause);
        }
    }
}

io::Task<void> Endpoints::serve(io::Socket socket, Speaks speaks) {
    ++serving_;
    {
        Channel channel{std::move(socket)};
        std::string answer;
        if (speaks == Speaks::http) {
            answer = co_await http(channel);
        } else {
            answer = co_await control(channel);
        }
        if (!answer.empty()) {
            [[maybe_unused]] const auto sent = co_await channel.send(answer, patience);
            co_await channel.close(patience);
        }
    }
    --serving_;
}

io::Task<std::string> Endpoints::http(Channel& channel) {
    const auto first = co_await channel.line(line_bytes_max, patience);
    if (!first) co_return std::string{};
    const std::string request{*first};
    for (std::size_t lines = 0;; ++lines) {
        const auto line = co_await channel.line(line_bytes_max, patience);
        if (!line || lines == header_lines_max) co_return std::string{};
        if (line->empty()) break;
    }
    const std::size_t space = request.find(' ');
    const std::size_t end = request.find(' ', space + 1);
    constexpr std::string_view plain = "text/plain; charset=utf-8";
    if (space == std::string::npos || end == std::string::npos) {
        co_return http_response("400 Bad Request", plain, "not an HTTP request\n", true);
    }
    const std::string_view method = std::string_view{request}.substr(0, space);
    const std::string_view path = std::string_view{request}.substr(space + 1, end - space - 1);
    const bool with_body = method == "GET";
    if (!with_body && method != "HEAD") {
        co_return http_response("405 Method Not Allowed", plain, "only GET and HEAD\n", true);
    }
    if (path == "/metrics") {
        constexpr std::string_view type = "text/plain; version=0.0.4; charset=utf-8";
        co_return http_response("200 OK", type, gateway_.metrics(), with_body);
    }
    if (path == "/healthz") co_return http_response("200 OK", plain, "ok\n", with_body);
    if (path == "/readyz") {
        const bool ready = gateway_.ready();
        co_return http_response(ready ? "200 OK" : "503 Service Unavailable",
                                plain,
                                ready ? "ready\n" : "not ready\n",
                                with_body);
    }
    if (path == "/status") {
        co_return http_response("200 OK", "application/json", gateway_.status() + "\n", with_body);
    }
    co_return http_response(
        "404 Not Found", plain, "try /metrics, /healthz, /readyz or /status\n", with_body);
}

// One word in; "ok" or "refused" on the first line of the answer, then the details.
io::Task<std::string> Endpoints::control(Channel& channel) {
    const auto line = co_await channel.line(line_bytes_max, patience);
    if (!line) co_return std::string{};
    if (*line == "status") co_return "ok\n" + gateway_.status() + "\n";
    if (*line != "reload") co_return std::string{"refused\nunknown request\n"};
    const Reloaded reloaded = co_await gateway_.reload(Loader::When::always);
    const bool refused = reloaded.outcome == Reloaded::Outcome::refused;
    std::string answer = refused ? "refused\n" : "ok\n";
    answer += "generation " + std::to_string(reloaded.generation) + "\n";
    answer += reloaded.mistakes.text();
    co_return answer;
}

} // namespace postern::gateway
