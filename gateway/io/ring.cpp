#include "gateway/io/ring.h"

#include <liburing.h>

#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace postern::io {
namespace {

std::string refusal(int code) {
    switch (code) {
    case ENOSYS: return "this kernel has no io_uring: Linux 6.1 or later is needed";
    case EPERM:
    case EACCES:
        return "io_uring is forbidden here: allow the io_uring_* system calls in the container's "
               "seccomp profile, and see kernel.io_uring_disabled";
    case EINVAL: return "this kernel's io_uring is too old: Linux 6.1 or later is needed";
    case ENOMEM: return "no memory for io_uring: raise the memory limit or LimitMEMLOCK";
    case EMFILE:
    case ENFILE: return "no file descriptor left for io_uring: raise LimitNOFILE";
    default: return std::string{"io_uring cannot be used: "} + std::strerror(code);
    }
}

} // namespace

Ring::Ring() : ring_(std::make_unique<io_uring>()), now_(Clock::now()), timers_(now_) {}

std::expected<std::unique_ptr<Ring>, std::string> Ring::open(const RingSettings& settings) {
    std::unique_ptr<Ring> ring{new Ring};
    io_uring_params parameters{};
    // 6.1: one thread submits, and answers are worked out when we ask for them, not by interrupt.
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_COOP_TASKRUN | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    parameters.cq_entries = settings.completions;
    const int opened = io_uring_queue_init_params(settings.entries, ring->ring_.get(), &parameters);
    if (opened < 0) return std::unexpected{refusal(-opened)};
    ring->open_ = true;
    ring->buffers_ = BufferPool::make(*ring->ring_, settings.buffers, settings.buffer_bytes);
    if (!ring->buffers_) return std::unexpected{refusal(ENOMEM)};
    return ring;
}

Ring::~Ring() {
    buffers_.reset();
    if (open_) io_uring_queue_exit(ring_.get());
}

io_uring_sqe& Ring::submission() {
    io_uring_sqe* entry = io_uring_get_sqe(ring_.get());
    while (entry == nullptr) {
        ++counters_.enters;
        const int submitted = io_uring_submit(ring_.get());
        // EBUSY and EAGAIN: the kernel wants answers taken first; they are, in this very loop, only
        // by waiting, since handling them here would run a coroutine inside another.
        assert(submitted >= 0 || submitted == -EBUSY || submitted == -EAGAIN ||
               submitted == -EINTR);
        entry = io_uring_get_sqe(ring_.get());
    }
    return *entry;
}

void Ring::cancel(Operation& operation) {
    io_uring_sqe& entry = submission();
    io_uring_prep_cancel(&entry, &operation, 0);
    io_uring_sqe_set_data(&entry, nullptr);
}

void Ring::run() {
    while (!stopping_) {
        turn();
    }
}

void Ring::resume_ready() {
    resuming_.swap(ready_);
    for (const std::coroutine_handle<> handle : resuming_) {
        handle.resume();
    }
    resuming_.clear();
}

void Ring::wait_for_answers() {
    __kernel_timespec timeout{};
    __kernel_timespec* bound = nullptr;
    if (!ready_.empty() || stopping_) {
        bound = &timeout; // zero: only look
    } else if (const auto wait = timers_.next(now_)) {
        timeout.tv_sec = wait->count() / 1000;
        timeout.tv_nsec = (wait->count() % 1000) * 1'000'000;
        bound = &timeout;
    }
    io_uring_cqe* first = nullptr;
    ++counters_.enters;
    const int result = io_uring_submit_and_wait_timeout(ring_.get(), &first, 1, bound, nullptr);
    assert(result >= 0 || result == -ETIME || result == -EINTR || result == -EBUSY ||
           result == -EAGAIN);
}

void Ring::turn() {
    resume_ready();
    wait_for_answers();
    now_ = Clock::now();
    // Taken in small groups, so that the kernel has room again early on.
    std::uint64_t taken = 0;
    io_uring_cqe* answer = nullptr;
    while (io_uring_peek_cqe(ring_.get(), &answer) == 0 && answer != nullptr) {
        auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(answer));
        const std::int32_t result = answer->res;
        const std::uint32_t flags = answer->flags;
        io_uring_cqe_seen(ring_.get(), answer);
        ++taken;
        if (operation != nullptr) operation->complete(result, flags);
        if (taken >= 4096) break; // timers have their turn too
    }
    counters_.completions += taken;
    if (taken > 0) ++counters_.wakeups;
    timers_.advance(now_);
    if (turn_end_ != nullptr) turn_end_->turn_ended();
}

} // namespace postern::io
