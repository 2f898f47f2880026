#include "gateway/gateway.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>

// What the gateway says to its supervisor, in the words of sd_notify(3), and to a successor.

namespace postern::gateway {

// A sign of life is one of every loop: this one's, which carries the answers, and each core's. When
// one is stuck nothing is said any more, and the supervisor replaces the process.
io::Task<void> Gateway::feed_watchdog() {
    const auto limit = std::chrono::floor<io::Duration>(supervisor_.watchdog());
    if (limit == io::Duration{0}) co_return;
    io::Clock::time_point due = io::Clock::now();
    while (!stopping_) {
        const auto left = std::chrono::ceil<io::Duration>(due - io::Clock::now());
        if (left > io::Duration{0}) {
            [[maybe_unused]] const bool changed = co_await changed_->wait(left);
            continue;
        }
        due = io::Clock::now() + limit / 2;
        [[maybe_unused]] const auto silence = feel_pulses();
        while (!all_answered() && !stopping_) {
            [[maybe_unused]] const bool changed = co_await changed_->wait(limit);
        }
        if (all_answered()) supervisor_.tell("WATCHDOG=1");
    }
}

std::string Gateway::status_line() const {
    const std::string policy =
        "policy generation " + std::to_string(current_->policy->generation());
    if (mistakes_ == 0) return policy + " in use";
    return policy + " goes on, for the files have mistakes now (" + std::to_string(mistakes_) +
           "): see `postern check`";
}

void Gateway::tell_ready() const { supervisor_.tell("READY=1\nSTATUS=" + status_line()); }

void Gateway::tell_reloading() const {
    const auto time = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now().time_since_epoch()); // CLOCK_MONOTONIC
    supervisor_.tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(time.count()));
}

// Sessions have `drain`, then deliveries; what is cut off after that has minutes to let go.
void Gateway::tell_stopping() const {
    if (!current_) return;
    const std::chrono::microseconds wait = 2 * current_->settings.drain + std::chrono::minutes{5};
    supervisor_.tell("STOPPING=1\nSTATUS=finishing what is under way\nEXTEND_TIMEOUT_USEC=" +
                     std::to_string(wait.count()));
}

std::string Gateway::hand_over(int connection) {
    if (supervisor_.present()) {
        return "the service manager keeps the listening sockets: restart the service";
    }
    if (!ready()) return "this gateway is about to end";
    if (!send_sockets(connection, listening_.all())) return "the sockets could not be handed over";
    successor_ = io::Descriptor{::fcntl(connection, F_DUPFD_CLOEXEC, 0)};
    ::kill(::getpid(), SIGTERM);
    return {};
}

} // namespace postern::gateway
