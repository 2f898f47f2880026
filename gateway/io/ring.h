#pragma once

#include "gateway/io/buffer_pool.h"
#include "gateway/io/operation.h"
#include "gateway/io/timer.h"

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

struct io_uring;
struct io_uring_sqe;

namespace postern::io {

struct RingSettings {
    unsigned entries = 1024;          // submissions that may wait for one system call
    unsigned completions = 8192;      // answers that may wait for us
    std::uint16_t buffers = 1024;     // receive buffers, a power of two
    std::size_t buffer_bytes = 32768; // two TLS records, nearly: fewer and bigger pieces
};

// What the ring did so far; read it to learn what a message costs.
struct RingCounters {
    std::uint64_t enters = 0;      // system calls
    std::uint64_t completions = 0; // answers of the kernel
    std::uint64_t wakeups = 0;     // turns of the loop that found at least one
};

// One core's io_uring, its timers and its buffers, and the loop that drives them. Made and used by
// one thread; it outlives everything that was started on it.
class Ring {
public:
    // The error is a whole sentence for the operator: what is missing and what would help.
    [[nodiscard]] static std::expected<std::unique_ptr<Ring>, std::string>
    open(const RingSettings& settings);
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring();

    // Turns until stop() is called. Afterwards whoever winds up may still call turn().
    void run();
    // One turn: resume what is ready, submit, wait for an answer or a timer (not when something was
    // resumed), handle what there is. Never called from inside a turn.
    void turn();
    void stop() { stopping_ = true; }

    // Called after each turn's completions: a place for work that is cheaper in batches.
    class TurnEnd {
    public:
        TurnEnd() = default;
        TurnEnd(const TurnEnd&) = delete;
        TurnEnd& operator=(const TurnEnd&) = delete;
        virtual ~TurnEnd() = default;
        virtual void turn_ended() = 0;
    };
    void at_turn_end(TurnEnd* action) { turn_end_ = action; }

    // A free submission entry, zeroed by the prep function of the caller. Never null: a full queue
    // is handed to the kernel first.
    [[nodiscard]] io_uring_sqe& submission();
    // Asks the kernel to end `operation`; its completion still comes.
    void cancel(Operation& operation);

    // Resumes `handle` in the next turn: for wake-ups that must not run inside the waker.
    void resume_soon(std::coroutine_handle<> handle) { ready_.push_back(handle); }

    void arm(Timer& timer, Duration wait) { timers_.arm(timer, now(), wait); }
    // The time when the answers of this turn came; between turns, the time.
    [[nodiscard]] Clock::time_point now() const { return turning_ ? now_ : Clock::now(); }
    [[nodiscard]] BufferPool& buffers() { return *buffers_; }
    [[nodiscard]] const RingCounters& counters() const { return counters_; }

    // An operation whose owner has gone while it was in the kernel deletes itself at its last
    // answer. The ring counts them and waits for them before it goes.
    void orphan_begins() { ++orphans_; }
    void orphan_ends() { --orphans_; }

private:
    enum class Patience : std::uint8_t { wait, look };

    Ring();
    void enter(Patience patience);
    void take_answers();
    void handle_answers(Patience patience);
    void resume_ready();

    std::unique_ptr<io_uring> ring_;
    bool open_ = false;
    bool stopping_ = false;
    bool turning_ = false;
    std::size_t orphans_ = 0;
    Clock::time_point now_;
    TimerWheel timers_;
    std::unique_ptr<BufferPool> buffers_;
    std::vector<std::coroutine_handle<>> ready_;
    std::vector<std::coroutine_handle<>> resuming_;
    TurnEnd* turn_end_ = nullptr;
    RingCounters counters_;
};

} // namespace postern::io
