#pragma once

#include "gateway/io/operation.h"
#include "gateway/io/ring.h"

#include <coroutine>

namespace postern::io {

// Awaits that a descriptor (signalfd, inotify, a pipe) can be read without blocking. False when the
// time was up, or when the descriptor cannot be polled.
class Readable final : public Operation, public Timer {
public:
    Readable(Ring& ring, int fd, Duration wait) : ring_(ring), fd_(fd), wait_(wait) {}
    static bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    // Ends the wait: false, soon.
    void cancel();
    [[nodiscard]] bool await_resume() const { return readable_; }

private:
    void complete(std::int32_t result, std::uint32_t flags) override;
    void expired() override;

    Ring& ring_;
    int fd_;
    Duration wait_;
    std::coroutine_handle<> waiter_;
    bool readable_ = false;
};

} // namespace postern::io
