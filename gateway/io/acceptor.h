#pragma once

#include "gateway/io/descriptor.h"
#include "gateway/io/endpoint.h"
#include "gateway/io/error.h"
#include "gateway/io/operation.h"
#include "gateway/io/ring.h"

#include <coroutine>
#include <deque>
#include <expected>
#include <memory>
#include <string>

namespace postern::io {

// A listening TCP socket; several cores may listen on one address (SO_REUSEPORT), and the kernel
// spreads the connections over them. `backlog` is bounded by net.core.somaxconn. An error says why.
[[nodiscard]] std::expected<Descriptor, std::string> listen_on(const Endpoint& address,
                                                               int backlog);

// Whether nobody listens there yet: cores share an address among themselves, not with a process
// that would take a part of their connections. An error says why not.
[[nodiscard]] std::expected<void, std::string> check_free(const Endpoint& address);

// Accepts connections of a listening socket with one multishot request. One coroutine awaits
// next().
class Acceptor {
public:
    Acceptor(Ring& ring, Descriptor listening);
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;
    // stop() was awaited, or the ring has ended.
    ~Acceptor();

    class Next;
    // The next connection. Error::exhausted: out of descriptors; wait a little, then ask again.
    // Error::cancelled: stopped.
    [[nodiscard]] Next next();
    // Stops accepting, and nobody is answered at this address any more. Connections that the kernel
    // has accepted for us still come out of next(), before it says that this has ended.
    void stop();
    // The same, but the socket goes on listening for those who have a copy of it: clients wait in
    // its backlog.
    void leave();
    // Nothing of this acceptor is in the kernel any more.
    [[nodiscard]] bool idle() const;
    [[nodiscard]] Endpoint address() const { return Endpoint::local_of(request_->fd()); }

private:
    class Request final : public Operation {
    public:
        Request(Ring& ring, Descriptor fd) : ring_(ring), fd_(std::move(fd)) {}
        [[nodiscard]] int fd() const { return fd_.get(); }
        void complete(std::int32_t result, std::uint32_t flags) override;
        void listen();
        [[nodiscard]] bool ended() const { return stopped && !armed; }
        // The acceptor is going: ends itself when the kernel has let go.
        void orphan();

        std::deque<Descriptor> accepted;
        std::coroutine_handle<> waiter;
        Error failure = Error::cancelled;
        bool failed = false;
        bool armed = false;
        bool stopped = false;

    private:
        ~Request() = default;
        void go();

        Ring& ring_;
        Descriptor fd_;
        bool orphaned_ = false;
    };

    Ring& ring_;
    Request* request_; // deletes itself when the acceptor went first
};

class Acceptor::Next {
public:
    explicit Next(Acceptor& acceptor) : request_(*acceptor.request_) {}
    [[nodiscard]] bool await_ready() const {
        return !request_.accepted.empty() || request_.failed || request_.ended();
    }
    void await_suspend(std::coroutine_handle<> waiter) {
        request_.waiter = waiter;
        request_.listen();
    }
    [[nodiscard]] std::expected<Descriptor, Error> await_resume();

private:
    Request& request_;
};

inline Acceptor::Next Acceptor::next() { return Next{*this}; }

} // namespace postern::io
