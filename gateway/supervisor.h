#pragma once

#include "gateway/io/descriptor.h"

#include <chrono>
#include <span>
#include <string_view>
#include <vector>

namespace postern::gateway {

// Who started us and looks after us: systemd, or whoever speaks the protocols of sd_notify(3),
// sd_watchdog_enabled(3) and sd_listen_fds(3). Without one every call does nothing. Owned by the
// gateway, on the main thread.
class Supervisor {
public:
    Supervisor() = default;
    // As the environment of this process says.
    [[nodiscard]] static Supervisor from_environment();

    [[nodiscard]] bool present() const { return socket_.valid(); }
    // Assignments, one a line: "READY=1\nSTATUS=all is well". What it does not take within a second
    // is lost: the caller's loop carries no mail, but has a watchdog to feed.
    void tell(std::string_view assignments) const;
    // Has it keep copies of listening sockets and give them to our successor, so that whoever
    // connects in between waits for that one. A socket it has already is not kept twice.
    void keep(std::span<const int> sockets) const;

    // It ends us when it does not hear "WATCHDOG=1" at least that often; zero: it does not.
    [[nodiscard]] std::chrono::microseconds watchdog() const { return watchdog_; }
    // The listening sockets that it gave us.
    [[nodiscard]] std::vector<io::Descriptor> take_sockets() { return std::move(sockets_); }

private:
    void send(std::string_view assignments, std::span<const int> sockets) const;

    io::Descriptor socket_; // connected to it
    std::chrono::microseconds watchdog_{0};
    std::vector<io::Descriptor> sockets_;
};

} // namespace postern::gateway
