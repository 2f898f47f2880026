#include "gateway/io/socket.h"

#include <liburing.h>

#include <netinet/tcp.h>

#include <cassert>
#include <cerrno>
#include <utility>

namespace postern::io {
namespace detail {

void Receiver::hold(std::uint16_t id, std::uint16_t size) {
    if (first_ == none) {
        first_ = id | (std::uint32_t{size} << 16);
        return;
    }
    if (!more_) more_ = std::make_unique<std::deque<Held>>();
    more_->push_back({id, size});
}

std::expected<Chunk, Error> Receiver::take() {
    if (first_ == none) return std::unexpected{end_};
    Chunk chunk{ring_->buffers(), static_cast<std::uint16_t>(first_), first_ >> 16};
    first_ = none;
    if (more_) {
        first_ = more_->front().id | (std::uint32_t{more_->front().size} << 16);
        more_->pop_front();
        if (more_->empty()) more_.reset();
    }
    return chunk;
}

void Receiver::listen() {
    if (armed_ || ended_) return;
    armed_ = true;
    io_uring_sqe& entry = ring_->submission();
    io_uring_prep_recv_multishot(&entry, fd_.get(), nullptr, 0, 0);
    // Without the poll a buffer is asked for at once: with none free, an idle connection would
    // stand in line for one, and be woken in place of another that has something to read.
    entry.ioprio |= IORING_RECVSEND_POLL_FIRST;
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = BufferPool::group;
    io_uring_sqe_set_data(&entry, static_cast<Operation*>(this));
}

void Receiver::suspend(std::coroutine_handle<> waiter) {
    assert(!waiter_);
    waiter_ = waiter;
    listen();
}

std::coroutine_handle<> Receiver::take_waiter() {
    stop_waiting();
    return std::exchange(waiter_, nullptr);
}

void Receiver::wake() {
    if (waiter_) take_waiter().resume();
}

void Receiver::wake_soon() {
    if (waiter_) ring_->resume_soon(take_waiter());
}

void Receiver::end(Error why) {
    if (!ended_) {
        ended_ = true;
        end_ = why;
    }
    if (armed_ && !stopping_) {
        stopping_ = true;
        ring_->cancel(*this);
    }
}

void Receiver::orphan() {
    assert(!waiter_);
    while (first_ != none) {
        [[maybe_unused]] const auto dropped = take();
    }
    orphaned_ = true;
    ring_->orphan_begins();
    end(Error::cancelled);
    if (!armed_) go();
}

void Receiver::go() {
    ring_->orphan_ends();
    delete this;
}

void Receiver::buffer_free() { listen(); }

void Receiver::take_buffer(std::int32_t result, std::uint32_t flags) {
    if ((flags & IORING_CQE_F_BUFFER) != 0) {
        const auto id = static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT);
        ring_->buffers().taken();
        if (result > 0 && !orphaned_) {
            hold(id, static_cast<std::uint16_t>(result));
        } else {
            ring_->buffers().give_back(id);
        }
    } else if (result != -ENOBUFS) {
        ring_->buffers().pass_on(); // a buffer may have been free for this answer
    }
}

void Receiver::complete(std::int32_t result, std::uint32_t flags) {
    take_buffer(result, flags);
    if ((flags & IORING_CQE_F_MORE) == 0) {
        armed_ = false;
        stopping_ = false;
    }
    if (orphaned_) {
        if (!armed_) go();
        return;
    }
    if (result == 0) {
        end(Error::closed);
    } else if (result == -ENOBUFS) {
        // No buffer was free. Somebody who waits is served when one is; nobody else loses anything.
        if (waiter_ && first_ == none) ring_->buffers().wait(*this);
        return;
    } else if (result < 0 && result != -ECANCELED) {
        end(error_from_errno(-result));
    } else if (result > 0 && armed_ && !stopping_ && more_ && more_->size() >= held_max) {
        stopping_ = true;
        ring_->cancel(*this);
    }
    if (ready()) {
        wake();
    } else if (waiter_ && !armed_) {
        listen(); // the kernel may end a multishot request at any time
    }
}

} // namespace detail

Socket::Socket(Ring& ring, Descriptor fd)
    : ring_(&ring), receiver_(new detail::Receiver{ring, std::move(fd)}) {
    const int on = 1;
    // Replies are written whole: waiting for more to send only costs time.
    ::setsockopt(this->fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Socket::Socket(Socket&& other) noexcept
    : ring_(other.ring_)
    , receiver_(std::exchange(other.receiver_, nullptr))
    , cancelled_(other.cancelled_) {}

Socket& Socket::operator=(Socket&& other) noexcept {
    if (this != &other) {
        if (receiver_ != nullptr) receiver_->orphan();
        ring_ = other.ring_;
        receiver_ = std::exchange(other.receiver_, nullptr);
        cancelled_ = other.cancelled_;
    }
    return *this;
}

Socket::~Socket() {
    if (receiver_ != nullptr) receiver_->orphan();
}

void Socket::shut_down_send() const { ::shutdown(fd(), SHUT_WR); }

void Socket::reset_on_close() const {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void Socket::cancel() {
    if (cancelled_) return;
    cancelled_ = true;
    receiver_->end(Error::cancelled);
    io_uring_sqe& entry = ring_->submission();
    io_uring_prep_cancel_fd(&entry, fd(), IORING_ASYNC_CANCEL_ALL);
    io_uring_sqe_set_data(&entry, nullptr);
    interrupt(); // whoever waits is resumed later: cancel() is called from anywhere
}

void Socket::interrupt() { receiver_->wake_soon(); }

Socket::Receive Socket::receive(Duration wait) { return {*ring_, *receiver_, wait}; }

void Socket::Receive::await_suspend(std::coroutine_handle<> waiter) {
    receiver_.suspend(waiter);
    ring_.arm(*this, wait_);
}

void Socket::Receive::expired() {
    timed_out_ = true;
    receiver_.wake();
}

std::expected<Chunk, Error> Socket::Receive::await_resume() {
    disarm();
    if (receiver_.ready()) return receiver_.take();
    return std::unexpected{timed_out_ ? Error::timed_out : Error::cancelled};
}

Socket::Send Socket::send(std::string_view bytes, Duration wait, Behind behind) {
    return {*this, bytes, wait, behind};
}

void Socket::Send::submit() {
    io_uring_sqe& entry = socket_.ring().submission();
    // Without MSG_WAITALL, with which a cancel does not end a send that went out in part and that
    // the kernel has given to a worker.
    const int flags = MSG_NOSIGNAL | (behind_ == Behind::the_end ? MSG_MORE : 0);
    io_uring_prep_send(&entry, socket_.fd(), bytes_.data(), bytes_.size(), flags);
    io_uring_sqe_set_data(&entry, static_cast<Operation*>(this));
}

void Socket::Send::await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    submit();
    socket_.ring().arm(*this, wait_);
}

void Socket::Send::expired() {
    timed_out_ = true;
    socket_.ring().cancel(*this);
}

void Socket::Send::complete(std::int32_t result, std::uint32_t /*flags*/) {
    if (result > 0) {
        bytes_.remove_prefix(static_cast<std::size_t>(result));
        // The answer to a cancel is what went out before, if anything did.
        if (!bytes_.empty() && !timed_out_ && !socket_.cancelled_) {
            submit();
            return;
        }
    } else if (result < 0) {
        failure_ = -result;
    }
    disarm();
    waiter_.resume();
}

std::expected<void, Error> Socket::Send::await_resume() {
    if (bytes_.empty()) return {};
    if (timed_out_) return std::unexpected{Error::timed_out};
    if (socket_.cancelled_) return std::unexpected{Error::cancelled};
    return std::unexpected{error_from_errno(failure_)};
}

namespace {

class Connect final : public Operation, public Timer {
public:
    Connect(Ring& ring, int fd, const Endpoint& to, Duration wait)
        : ring_(ring), fd_(fd), to_(to), wait_(wait) {}
    static bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
        waiter_ = waiter;
        io_uring_sqe& entry = ring_.submission();
        io_uring_prep_connect(&entry, fd_, to_.data(), to_.size());
        io_uring_sqe_set_data(&entry, static_cast<Operation*>(this));
        ring_.arm(*this, wait_);
    }
    [[nodiscard]] std::expected<void, Error> await_resume() const {
        if (result_ == 0) return {};
        if (timed_out_) return std::unexpected{Error::timed_out};
        return std::unexpected{error_from_errno(-result_)};
    }

private:
    void complete(std::int32_t result, std::uint32_t /*flags*/) override {
        disarm();
        result_ = result;
        waiter_.resume();
    }
    void expired() override {
        timed_out_ = true;
        ring_.cancel(*this);
    }

    Ring& ring_;
    int fd_;
    const Endpoint& to_;
    Duration wait_;
    std::coroutine_handle<> waiter_;
    int result_ = 0;
    bool timed_out_ = false;
};

} // namespace

Task<std::expected<Socket, Error>> Socket::connect(Ring& ring, Endpoint to, Duration wait) {
    Descriptor fd{::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) co_return std::unexpected{error_from_errno(errno)};
    const auto connected = co_await Connect{ring, fd.get(), to, wait};
    if (!connected) co_return std::unexpected{connected.error()};
    co_return Socket{ring, std::move(fd)};
}

} // namespace postern::io
