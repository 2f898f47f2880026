#include "gateway/io/ring.h"

#include <liburing.h>

#include <sys/utsname.h>

#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace postern::io {
namespace {

// The floor is Linux 6.1, or a kernel with its io_uring: the flags of open() exist since then, and
// every request used here (multishot accept and receive, rings of buffers, cancel by descriptor) is
// older than they are.
std::string refusal(int code) {
    utsname running{};
    ::uname(&running);
    const std::string kernel = std::string{"Linux "} + running.release;
    switch (code) {
    case ENOSYS:
        return "no io_uring here: Linux 6.1 or later is needed, with io_uring built in and not "
               "hidden "
               "by a seccomp profile (this is " +
               kernel + ")";
    case EPERM:
    case EACCES:
        return "io_uring is forbidden here: allow the system calls io_uring_setup, io_uring_enter "
               "and "
               "io_uring_register in the container's seccomp profile, and set the sysctl "
               "kernel.io_uring_disabled to 0";
    case EINVAL:
        return "the io_uring of this kernel is too old: Linux 6.1 or later is needed (this is " +
               kernel + ")";
    case ENOMEM: return "no memory for io_uring: raise the memory limit, or LimitMEMLOCK";
    case EMFILE:
    case ENFILE: return "no file descriptor left for io_uring: raise LimitNOFILE";
    default:
        return std::string{"io_uring cannot be used: "} + std::generic_category().message(code);
    }
}

} // namespace

Ring::Ring() : ring_(std::make_unique<io_uring>()), now_(Clock::now()), timers_(now_) {}

std::expected<std::unique_ptr<Ring>, std::string> Ring::open(const RingSettings& settings) {
    std::unique_ptr<Ring> ring{new Ring};
    io_uring_params parameters{};
    // 6.0 and 6.1: one thread submits, and answers are worked out when we ask for them, not by
    // interrupt.
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    parameters.cq_entries = settings.completions;
    const int opened = io_uring_queue_init_params(settings.entries, ring->ring_.get(), &parameters);
    if (opened < 0) return std::unexpected{refusal(-opened)};
    ring->open_ = true;
    // Spares the kernel a look-up with every enter. Where it cannot, nothing is lost.
    io_uring_register_ring_fd(ring->ring_.get());
    ring->buffers_ = BufferPool::make(*ring->ring_, settings.buffers, settings.buffer_bytes);
    if (!ring->buffers_) return std::unexpected{refusal(ENOMEM)};
    return ring;
}

Ring::~Ring() {
    assert(!turning_);
    turning_ = true;
    // Timers and the turn's end are left alone: their owners may be going too.
    while (orphans_ > 0) {
        enter(Patience::wait);
        take_answers();
    }
    buffers_.reset();
    if (open_) io_uring_queue_exit(ring_.get());
}

io_uring_sqe& Ring::submission() {
    io_uring_sqe* entry = io_uring_get_sqe(ring_.get());
    while (entry == nullptr) {
        // Only submits: answers are not handled here, that would run one coroutine inside another.
        // EAGAIN: out of memory for the moment.
        ++counters_.enters;
        const int submitted = io_uring_submit(ring_.get());
        assert(submitted >= 0 || submitted == -EAGAIN || submitted == -EBUSY ||
               submitted == -EINTR);
        entry = io_uring_get_sqe(ring_.get());
    }
    return *entry;
}

void Ring::cancel(Operation& operation) {
    io_uring_sqe& entry = submission();
    io_uring_prep_cancel(&entry, &operation, 0);
    io_uring_sqe_set_data(&entry, nullptr);
    entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void Ring::run() {
    assert(!turning_);
    turning_ = true;
    now_ = Clock::now();
    while (!stopping_) {
        resume_ready();
        if (!stopping_) handle_answers(Patience::wait);
    }
    turning_ = false;
}

void Ring::turn() {
    assert(!turning_);
    turning_ = true;
    now_ = Clock::now();
    // What was resumed may be what the caller turns for.
    const Patience patience = ready_.empty() ? Patience::wait : Patience::look;
    resume_ready();
    handle_answers(patience);
    turning_ = false;
}

void Ring::resume_ready() {
    resuming_.swap(ready_);
    for (const std::coroutine_handle<> handle : resuming_) {
        handle.resume();
    }
    resuming_.clear();
}

void Ring::enter(Patience patience) {
    __kernel_timespec timeout{};
    __kernel_timespec* bound = &timeout; // zero: only look
    if (patience == Patience::wait && ready_.empty()) {
        if (const auto wait = timers_.next(now_)) {
            timeout.tv_sec = wait->count() / 1000;
            timeout.tv_nsec = (wait->count() % 1000) * 1'000'000;
        } else {
            bound = nullptr;
        }
    }
    io_uring_cqe* first = nullptr;
    ++counters_.enters;
    const int result = io_uring_submit_and_wait_timeout(ring_.get(), &first, 1, bound, nullptr);
    // Among what may not come is EBADR: answers were lost for want of memory, which ends the
    // process.
    assert(result >= 0 || result == -ETIME || result == -EINTR || result == -EBUSY ||
           result == -EAGAIN);
}

void Ring::take_answers() {
    constexpr std::uint64_t answers_max = 4096; // then timers have their turn
    std::uint64_t taken = 0;
    io_uring_cqe* answer = nullptr;
    while (taken < answers_max && io_uring_peek_cqe(ring_.get(), &answer) == 0) {
        auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(answer));
        const std::int32_t result = answer->res;
        const std::uint32_t flags = answer->flags;
        // Seen one by one, so that the kernel has room again early on.
        io_uring_cqe_seen(ring_.get(), answer);
        ++taken;
        if (operation != nullptr) operation->complete(result, flags);
    }
    counters_.completions += taken;
    if (taken > 0) ++counters_.wakeups;
}

void Ring::handle_answers(Patience patience) {
    enter(patience);
    now_ = Clock::now();
    take_answers();
    timers_.advance(now_);
    if (turn_end_ != nullptr) turn_end_->turn_ended();
}

} // namespace postern::io
