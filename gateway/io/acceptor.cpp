#include "gateway/io/acceptor.h"

#include <liburing.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace postern::io {

namespace {

enum class Sharing : std::uint8_t { none, among_cores };

std::unexpected<std::string> failed(const char* what, const Endpoint& address) {
    return std::unexpected{std::string{what} + " " + address.text() + ": " +
                           std::generic_category().message(errno)};
}

std::expected<Descriptor, std::string> bind_to(const Endpoint& address, Sharing sharing) {
    Descriptor fd{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) return failed("cannot make a socket for", address);
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (sharing == Sharing::among_cores) {
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    }
    if (address.family() == AF_INET6) {
        // [::] takes IPv4 clients too, whatever net.ipv6.bindv6only says.
        const int off = 0;
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (::bind(fd.get(), address.data(), address.size()) != 0) {
        return failed("cannot listen on", address);
    }
    return fd;
}

} // namespace

std::expected<Descriptor, std::string> listen_on(const Endpoint& address, int backlog) {
    auto fd = bind_to(address, Sharing::among_cores);
    if (fd && ::listen(fd->get(), backlog) != 0) return failed("cannot listen on", address);
    return fd;
}

std::expected<void, std::string> check_free(const Endpoint& address) {
    const auto fd = bind_to(address, Sharing::none);
    if (!fd) return std::unexpected{fd.error()};
    return {};
}

Acceptor::Acceptor(Ring& ring, Descriptor listening)
    : ring_(ring), request_(new Request{ring, std::move(listening)}) {}

Acceptor::~Acceptor() {
    stop();
    request_->orphan();
}

void Acceptor::stop() {
    if (request_->stopped) return;
    // Cancelling alone would leave the kernel taking connections that nobody will answer.
    ::shutdown(request_->fd(), SHUT_RDWR);
    leave();
}

void Acceptor::leave() {
    if (std::exchange(request_->stopped, true)) return;
    if (request_->armed) {
        ring_.cancel(*request_); // its last answer resumes the waiter
    } else if (request_->waiter) {
        ring_.resume_soon(std::exchange(request_->waiter, nullptr));
    }
}

bool Acceptor::idle() const { return !request_->armed; }

void Acceptor::Request::orphan() {
    orphaned_ = true;
    ring_.orphan_begins();
    if (!armed) go();
}

void Acceptor::Request::go() {
    ring_.orphan_ends();
    delete this;
}

void Acceptor::Request::listen() {
    if (armed || stopped) return;
    armed = true;
    io_uring_sqe& entry = ring_.submission();
    io_uring_prep_multishot_accept(&entry, fd(), nullptr, nullptr, SOCK_CLOEXEC);
    io_uring_sqe_set_data(&entry, static_cast<Operation*>(this));
}

void Acceptor::Request::complete(std::int32_t result, std::uint32_t flags) {
    if ((flags & IORING_CQE_F_MORE) == 0) armed = false;
    if (orphaned_) {
        if (result >= 0) ::close(result);
        if (!armed) go();
        return;
    }
    if (result >= 0) {
        accepted.emplace_back(result);
    } else if (!stopped && result != -ECANCELED && result != -ECONNABORTED) {
        failed = true;
        failure = error_from_errno(-result);
    }
    if (!waiter) return;
    if (accepted.empty() && !failed && !ended()) {
        listen();
        return;
    }
    std::exchange(waiter, nullptr).resume();
}

std::expected<Descriptor, Error> Acceptor::Next::await_resume() {
    if (!request_.accepted.empty()) {
        Descriptor fd = std::move(request_.accepted.front());
        request_.accepted.pop_front();
        return fd;
    }
    if (std::exchange(request_.failed, false)) return std::unexpected{request_.failure};
    return std::unexpected{Error::cancelled};
}

} // namespace postern::io
