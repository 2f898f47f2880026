#pragma once

#include "gateway/io/acceptor.h"
#include "gateway/io/ring.h"
#include "gateway/io/socket.h"
#include "gateway/io/task.h"
#include "gateway/io/task_group.h"

#include <catch2/catch.hpp>

#include <memory>
#include <utility>

namespace postern::io::test {

using std::chrono::milliseconds;

// Long enough that only a broken test meets it.
inline constexpr Duration patience{60'000};

// One ring on the test's thread, and the tasks that a test runs on it.
class Loop {
public:
    explicit Loop(const RingSettings& settings = {.entries = 64, .buffers = 64})
        : ring_(std::move(Ring::open(settings).value())), group_(*ring_) {}

    [[nodiscard]] Ring& ring() { return *ring_; }
    void spawn(Task<void> task) { group_.spawn(std::move(task)); }
    // Turns until every task has ended.
    void finish() {
        while (group_.running() > 0) {
            ring_->turn();
        }
    }
    void run(Task<void> task) {
        spawn(std::move(task));
        finish();
    }
    // Turns for as long as a timer of this length takes.
    void turn_for(Duration time) {
        class Over final : public Timer {
        public:
            bool yes = false;

        private:
            void expired() override { yes = true; }
        };
        Over over;
        ring_->arm(over, time);
        while (!over.yes) {
            ring_->turn();
        }
    }

private:
    std::unique_ptr<Ring> ring_;
    TaskGroup group_;
};

// A listening socket on loopback with a port of the kernel's choice.
inline Descriptor listening(int backlog = 128) {
    return listen_on(Endpoint::parse("127.0.0.1:0").value(), backlog).value();
}

struct Ends {
    Descriptor one;
    Descriptor other;
};

// Two ends of a TCP connection over loopback.
inline Ends tcp_ends() {
    const Descriptor server = listening();
    const Endpoint address = Endpoint::local_of(server.get());
    Ends ends;
    ends.one = Descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(::connect(ends.one.get(), address.data(), address.size()) == 0);
    ends.other = Descriptor{::accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    REQUIRE(ends.other.valid());
    return ends;
}

} // namespace postern::io::test
