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
    io_uring_prep_recv_multishot(&entry, fd_, nullptr, 0, 0);
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = BufferPool::group;
    io_uring_sqe_set_data(&entry, static_cast<Operation*>(this));
}

void Receiver::wake() {
    if (!waiter) return;
    std::exchange(waiter, nullptr).resume();
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
    assert(!waiter);
    while (first_ != none) {
        [[maybe_unused]] const auto dropped = take();
    }
    orphaned_ = true;
    end(Error::cancelled);
    if (!armed_) delete this;
}

void Receiver::buffer_free() {
    if (waiter && !orphaned_) listen();
}

void Receiver::complete(std::int32_t result, std::uint32_t flags) {
    if ((flags & IORING_CQE_F_BUFFER) != 0) {
        const auto id = static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT);
        ring_->buffers().taken();
        if (result > 0 && !orphaned_) {
            hold(id, static_cast<std::uint16_t>(result));
        } else {
            ring_->buffers().give_back(id);
        }
    }
    if ((flags & IORING_CQE_F_MORE) == 0) {
        armed_ = false;
        stopping_ = false;
    }
    if (orphaned_) {
        if (!armed_) delete this;
        return;
    }
    if (result == 0) {
        end(Error::closed);
    } else if (result == -ENOBUFS) {
        // No buffer was free. Somebody who waits is served when one is; nobody else loses anything.
        if (waiter && first_ == none) ring_->buffers().wait(*this);
        return;
    } else if (result < 0 && result != -ECANCELED) {
        end(error_from_errno(-result));
    } else if (result > 0 && armed_ && !stopping_ && more_ && more_->size() >= held_max) {
        stopping_ = true;
        ring_->cancel(*this);
    }
    if (ready()) {
        wake();
    } else if (waiter && !armed_) {
        listen(); // the kernel may end a multishot request at any time
    }
}

} // namespace detail

Socket::Socket(Ring& ring, Descriptor fd)
    : ring_(&ring), fd_(std::move(fd)), receiver_(new detail::Receiver{ring, fd_.get()}) {
    const int on = 1;
    // Replies are written whole: waiting for more to send only costs time.
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Socket::Socket(Socket&& other) noexcept
    : ring_(other.ring_)
    , fd_(std::move(other.fd_))
    , receiver_(std::exchange(other.receiver_, nullptr))
    , cancelled_(other.cancelled_) {}

Socket& Socket::operator=(Socket&& other) noexcept {
    if (this != &other) {
        if (receiver_ != nullptr) receiver_->orphan();
        ring_ = other.ring_;
        fd_ = std::move(other.fd_);
        receiver_ = std::exchange(other.receiver_, nullptr);
        cancelled_ = other.cancelled_;
    }
    return *this;
}

Socket::~Socket() {
    if (receiver_ != nullptr) receiver_->orphan();
}

void Socket::shut_down_send() const { ::shutdown(fd_.get(), SHUT_WR); }

void Socket::reset_on_close() const {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void Socket::cancel() {
    if (cancelled_) return;
    cancelled_ = true;
    receiver_->end(Error::cancelled);
    io_uring_sqe& entry = ring_->submission();
    io_uring_prep_cancel_fd(&entry, fd_.get(), IORING_ASYNC_CANCEL_ALL);
    io_uring_sqe_set_data(&entry, nullptr);
    interrupt(); // whoever waits is resumed later: cancel() is called from anywhere
}

void Socket::interrupt() {
    if (receiver_->waiter) ring_->resume_soon(std::exchange(receiver_->waiter, nullptr));
}

Socket::Receive Socket::receive(Duration wait) { return {*ring_, *receiver_, wait}; }

void Socket::Receive::await_suspend(std::coroutine_handle<> waiter) {
    assert(!receiver_.waiter);
    receiver_.waiter = waiter;
    receiver_.listen();
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

Socket::Send Socket::send(std::string_view bytes, Duration wait) {
    return {*ring_, cancelled_ ? -1 : fd_.get(), bytes, wait};
}

void Socket::Send::submit() {
    io_uring_sqe& entry = ring_.submission();
    io_uring_prep_send(&entry, fd_, bytes_.data(), bytes_.size(), MSG_NOSIGNAL | MSG_WAITALL);
    io_uring_sqe_set_data(&entry, static_cast<Operation*>(this));
}

void Socket::Send::await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    submit();
    ring_.arm(*this, wait_);
}

void Socket::Send::expired() {
    timed_out_ = true;
    ring_.cancel(*this);
}

void Socket::Send::complete(std::int32_t result, std::uint32_t /*flags*/) {
    if (result > 0) {
        bytes_.remove_prefix(static_cast<std::size_t>(result));
        if (!bytes_.empty() && !timed_out_) {
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
    if (fd_ < 0) return std::unexpected{Error::cancelled};
    if (bytes_.empty()) return {};
    if (timed_out_) return std::unexpected{Error::timed_out};
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
    Connect connecting{ring, fd.get(), to, wait};
    const auto connected = co_await connecting;
    if (!connected) co_return std::unexpected{connected.error()};
    co_return Socket{ring, std::move(fd)};
}

} // namespace postern::io
