#pragma once

#include "gateway/io/buffer_pool.h"
#include "gateway/io/descriptor.h"
#include "gateway/io/endpoint.h"
#include "gateway/io/error.h"
#include "gateway/io/operation.h"
#include "gateway/io/ring.h"
#include "gateway/io/task.h"

#include <coroutine>
#include <cstdint>
#include <deque>
#include <expected>
#include <string_view>

namespace postern::io {

class Socket;

// What comes behind the bytes that are sent.
enum class Behind : std::uint8_t {
    anything,
    the_end, // shut_down_send(), at once: it travels in the same segment
};

namespace detail {

// The receiving half: one multishot receive and what it brought. It is on the heap, since the
// kernel may still answer after the socket has gone; then it deletes itself at the last answer, and
// only then is the descriptor closed: its number must not mean another connection before.
class Receiver final : public Operation, public BufferWaiter {
public:
    Receiver(Ring& ring, Descriptor fd) : ring_(&ring), fd_(std::move(fd)) {}

    void complete(std::int32_t result, std::uint32_t flags) override;
    void buffer_free() override;

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] bool ready() const { return first_ != none || ended_; }
    // Starts listening for bytes unless that is going on already.
    void listen();
    [[nodiscard]] std::expected<Chunk, Error> take();
    void wake();
    // As wake(), but in the next turn.
    void wake_soon();
    // Ends the wait and every later one.
    void end(Error why);
    // The socket is going: ends itself when the kernel has let go.
    void orphan();

    void suspend(std::coroutine_handle<> waiter);

private:
    static constexpr std::uint32_t none = UINT32_MAX;
    // Received and not yet taken: beyond this the kernel is told to stop, which fills the peer's
    // window.
    static constexpr unsigned held_max = 8;

    struct Held {
        std::uint16_t id;
        std::uint16_t size;
    };

    ~Receiver() override = default;
    void hold(std::uint16_t id, std::uint16_t size);
    void take_buffer(std::int32_t result, std::uint32_t flags);
    // Nobody waits any more, neither here nor for a buffer.
    [[nodiscard]] std::coroutine_handle<> take_waiter();
    void go();

    Ring* ring_;
    Descriptor fd_;
    std::coroutine_handle<> waiter_;
    // A small ring of held buffers; allocated when the first is held, given back when none is.
    std::unique_ptr<std::deque<Held>> more_;
    std::uint32_t first_ = none; // id | size << 16 of the oldest held buffer
    bool armed_ = false;
    bool stopping_ = false;
    bool orphaned_ = false;
    bool ended_ = false;
    Error end_ = Error::closed;
};

} // namespace detail

// A stream socket on one ring. The owner awaits one receive and one send at a time (both at once is
// fine). The socket may be moved or destroyed while nobody waits on it; buffers it holds go back to
// the pool.
class Socket {
public:
    Socket(Ring& ring, Descriptor fd);
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&& other) noexcept;
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket();

    // Connects within `wait`.
    [[nodiscard]] static Task<std::expected<Socket, Error>>
    connect(Ring& ring, Endpoint to, Duration wait);

    class Receive;
    class Send;
    // Bytes as soon as there are some; Error::closed at the end of the stream. Does not suspend
    // when bytes are here already.
    [[nodiscard]] Receive receive(Duration wait);
    // All of `bytes`, which stay valid until the result is there. After an error the stream's state
    // is unknown: only close.
    [[nodiscard]] Send
    send(std::string_view bytes, Duration wait, Behind behind = Behind::anything);

    // True when receive() would not suspend.
    [[nodiscard]] bool has_received() const { return receiver_->ready(); }
    // The receive that waits now ends with Error::cancelled; later ones go on as ever.
    void interrupt();
    // Everything that waits, now or later, ends with Error::cancelled. Sends in flight too.
    void cancel();
    // No more from us: the peer reads the end of the stream.
    void shut_down_send() const;
    // Closing will send RST instead of FIN: for peers that deserve no more of our memory.
    void reset_on_close() const;

    [[nodiscard]] int fd() const { return receiver_->fd(); }
    [[nodiscard]] Ring& ring() const { return *ring_; }

private:
    Ring* ring_;
    detail::Receiver* receiver_;
    bool cancelled_ = false;
};

class Socket::Receive final : public Timer {
public:
    Receive(Ring& ring, detail::Receiver& receiver, Duration wait)
        : ring_(ring), receiver_(receiver), wait_(wait) {}
    [[nodiscard]] bool await_ready() const { return receiver_.ready(); }
    void await_suspend(std::coroutine_handle<> waiter);
    [[nodiscard]] std::expected<Chunk, Error> await_resume();

private:
    void expired() override;

    Ring& ring_;
    detail::Receiver& receiver_;
    Duration wait_;
    bool timed_out_ = false;
};

class Socket::Send final : public Operation, public Timer {
public:
    Send(const Socket& socket, std::string_view bytes, Duration wait, Behind behind)
        : socket_(socket), bytes_(bytes), wait_(wait), behind_(behind) {}
    [[nodiscard]] bool await_ready() const { return bytes_.empty() || socket_.cancelled_; }
    void await_suspend(std::coroutine_handle<> waiter);
    [[nodiscard]] std::expected<void, Error> await_resume();

private:
    void complete(std::int32_t result, std::uint32_t flags) override;
    void expired() override;
    void submit();

    const Socket& socket_;
    std::string_view bytes_; // what is left
    Duration wait_;
    std::coroutine_handle<> waiter_;
    Behind behind_;
    bool timed_out_ = false;
    int failure_ = 0; // errno
};

} // namespace postern::io
