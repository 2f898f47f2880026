#include "gateway/supervisor.h"

#include "gateway/io/rights.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

namespace postern::gateway {
namespace {

std::string_view variable(const char* name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): asked before there is a second thread
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view{} : value;
}

std::optional<std::uint64_t> number(const char* name) {
    const std::string_view text = variable(name);
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || problem != std::errc{} || end != text.data() + text.size()) return {};
    return value;
}

/// Variables with a process id are for that process alone: a shell between hands them on.
bool meant_for_us(const char* name) {
    const auto process = number(name);
    return process && *process == static_cast<std::uint64_t>(::getpid());
}

/// A path, or with "@" in front a name without a file.
io::Descriptor connected_to(std::string_view name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const bool is_name = name.starts_with('@') || name.starts_with('/');
    if (!is_name || name.size() >= sizeof address.sun_path) return {};
    std::ranges::copy(name, address.sun_path);
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    io::Descriptor fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) return {};
    const timeval patience{.tv_sec = 1, .tv_usec = 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return {};
    return fd;
}

bool is_listening(int fd) {
    int answer = 0;
    socklen_t size = sizeof answer;
    return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &answer, &size) == 0 && answer != 0;
}

/// sd_listen_fds(3): from 3 on, so many.
std::vector<io::Descriptor> given_sockets() {
    constexpr int first = 3;
    constexpr std::uint64_t most = 65536;
    std::vector<io::Descriptor> sockets;
    if (!meant_for_us("LISTEN_PID")) return sockets;
    const auto count = static_cast<int>(std::min(number("LISTEN_FDS").value_or(0), most));
    for (int fd = first; fd < first + count; ++fd) {
        io::Descriptor given{fd};
        if (!is_listening(fd)) continue;
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        sockets.push_back(std::move(given));
    }
    return sockets;
}

} // namespace

Supervisor Supervisor::from_environment() {
    Supervisor supervisor;
    supervisor.socket_ = connected_to(variable("NOTIFY_SOCKET"));
    const bool watched = variable("WATCHDOG_PID").empty() || meant_for_us("WATCHDOG_PID");
    if (watched)
        supervisor.watchdog_ = std::chrono::microseconds{number("WATCHDOG_USEC").value_or(0)};
    supervisor.sockets_ = given_sockets();
    return supervisor;
}

void Supervisor::tell(std::string_view assignments) const { send(assignments, {}); }

void Supervisor::keep(std::span<const int> sockets) const {
    while (!sockets.empty()) {
        const std::size_t count = std::min(sockets.size(), io::descriptors_per_message);
        send("FDSTORE=1\nFDNAME=listener", sockets.first(count));
        sockets = sockets.subspan(count);
    }
}

void Supervisor::send(std::string_view assignments, std::span<const int> sockets) const {
    if (!present()) return;
    [[maybe_unused]] const ssize_t sent =
        io::send_with_descriptors(socket_.get(), assignments, sockets, MSG_NOSIGNAL);
}

} // namespace postern::gateway
