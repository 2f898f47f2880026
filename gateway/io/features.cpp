#include "gateway/io/features.h"

#include "gateway/io/buffer_pool.h"
#include "gateway/io/descriptor.h"
#include "gateway/io/ring.h"

#include <liburing.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace postern::io {
namespace {

constexpr std::uint16_t buffers = 2;
constexpr std::size_t buffer_bytes = 64;
const std::string works{"works"};

struct Operation {
    int code;
    std::string_view name;
};

// Those that our code submits.
constexpr std::array operations{
    Operation{IORING_OP_ACCEPT, "accept"},
    Operation{IORING_OP_ASYNC_CANCEL, "cancel"},
    Operation{IORING_OP_CONNECT, "connect"},
    Operation{IORING_OP_FALLOCATE, "fallocate"},
    Operation{IORING_OP_FSYNC, "fsync"},
    Operation{IORING_OP_OPENAT, "openat"},
    Operation{IORING_OP_POLL_ADD, "poll"},
    Operation{IORING_OP_READ, "read"},
    Operation{IORING_OP_RECV, "recv"},
    Operation{IORING_OP_SEND, "send"},
    Operation{IORING_OP_UNLINKAT, "unlinkat"},
    Operation{IORING_OP_WRITE, "write"},
};

std::string failure(int code) { return std::generic_category().message(code); }

// A plain ring, for trying one thing.
class Trial {
public:
    Trial() : opened_(io_uring_queue_init(8, &ring_, 0)) {}
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;
    ~Trial() {
        if (opened_ == 0) io_uring_queue_exit(&ring_);
    }

    [[nodiscard]] int opened() const { return opened_; }
    [[nodiscard]] io_uring& ring() { return ring_; }
    [[nodiscard]] io_uring_sqe& submission() { return *io_uring_get_sqe(&ring_); }

    struct Answer {
        int result = -ETIME;
        unsigned flags = 0;
    };
    // Submits, and waits for one answer.
    [[nodiscard]] Answer answer() {
        __kernel_timespec patience{.tv_sec = 1, .tv_nsec = 0};
        io_uring_cqe* come = nullptr;
        const int waited = io_uring_submit_and_wait_timeout(&ring_, &come, 1, &patience, nullptr);
        if (come == nullptr) return {.result = waited < 0 ? waited : -ETIME};
        const Answer answer{.result = come->res, .flags = come->flags};
        io_uring_cqe_seen(&ring_, come);
        return answer;
    }

private:
    io_uring ring_{};
    int opened_;
};

std::string judged(const Trial::Answer& answer, unsigned flags) {
    if (answer.result < 0) return failure(-answer.result);
    return (answer.flags & flags) == flags ? works : "each request is answered once only";
}

std::string try_operations() {
    io_uring_probe* const probe = io_uring_get_probe();
    if (probe == nullptr) return "cannot be asked for";
    std::string missing;
    for (const Operation& operation : operations) {
        if (io_uring_opcode_supported(probe, operation.code) != 0) continue;
        missing.append(missing.empty() ? "missing: " : ", ").append(operation.name);
    }
    io_uring_free_probe(probe);
    return missing.empty() ? works : missing;
}

struct Pair {
    Descriptor one;
    Descriptor other;
};

Pair connected_pair() {
    std::array<int, 2> ends{-1, -1};
    [[maybe_unused]] const int made =
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data());
    return {.one = Descriptor{ends[0]}, .other = Descriptor{ends[1]}};
}

// A request that stays, and takes a buffer only when bytes come; then it is taken back by its
// descriptor.
void try_receive(std::vector<Feature>& features) {
    Trial trial;
    if (trial.opened() != 0) return;
    const auto pool = BufferPool::make(trial.ring(), buffers, buffer_bytes);
    features.emplace_back("ring of buffers", pool ? works : "refused");
    const Pair pair = connected_pair();
    if (!pool || !pair.one.valid()) return;

    io_uring_sqe& receive = trial.submission();
    io_uring_prep_recv_multishot(&receive, pair.one.get(), nullptr, 0, 0);
    receive.flags |= IOSQE_BUFFER_SELECT;
    receive.buf_group = BufferPool::group;
    [[maybe_unused]] const auto sent = ::send(pair.other.get(), "x", 1, MSG_NOSIGNAL);
    const Trial::Answer received = trial.answer();
    features.emplace_back("multishot receive",
                          judged(received, IORING_CQE_F_MORE | IORING_CQE_F_BUFFER));
    if (received.result < 0) return;

    io_uring_sqe& cancel = trial.submission();
    io_uring_prep_cancel_fd(&cancel, pair.one.get(), IORING_ASYNC_CANCEL_ALL);
    Trial::Answer cancelled = trial.answer();
    if (cancelled.result == -ECANCELED) cancelled = trial.answer(); // the request's own came first
    features.emplace_back("cancel by descriptor", judged(cancelled, 0));
}

std::string try_accept() {
    Trial trial;
    if (trial.opened() != 0) return failure(-trial.opened());
    const sockaddr unnamed{.sa_family = AF_UNIX, .sa_data = {}};
    const Descriptor listening{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const Descriptor client{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!listening.valid() || !client.valid()) return failure(errno);
    // Only its family: the kernel gives it an abstract name.
    if (::bind(listening.get(), &unnamed, sizeof unnamed.sa_family) != 0) return failure(errno);
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    auto* const address = reinterpret_cast<sockaddr*>(&name);
    const bool ready = ::getsockname(listening.get(), address, &size) == 0 &&
                       ::listen(listening.get(), 1) == 0 &&
                       ::connect(client.get(), address, size) == 0;
    if (!ready) return failure(errno);
    io_uring_prep_multishot_accept(
        &trial.submission(), listening.get(), nullptr, nullptr, SOCK_CLOEXEC);
    const Trial::Answer accepted = trial.answer();
    const Descriptor peer{accepted.result};
    return judged(accepted, IORING_CQE_F_MORE);
}

} // namespace

std::vector<Feature> try_features() {
    std::vector<Feature> features;
    const auto ring = Ring::open({.entries = 8, .completions = 16, .buffers = buffers});
    features.emplace_back("ring", ring ? works : ring.error());
    const Trial trial;
    if (trial.opened() != 0) return features;
    features.emplace_back("operations", try_operations());
    features.emplace_back("multishot accept", try_accept());
    try_receive(features);
    return features;
}

std::string_view library_version() { return POSTERN_LIBURING_VERSION; }

} // namespace postern::io
