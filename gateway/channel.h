#pragma once

#include "gateway/io/socket.h"
#include "gateway/io/task.h"
#include "ssl/engine.h"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace postern::gateway {

// Why a wait on a connection ended without what was asked for.
enum class ChannelError : std::uint8_t {
    closed, // the peer ended the stream in order
    broken, // reset, or TLS cut off without close_notify
    timed_out,
    cancelled,     // interrupted or stopped by us
    tls,           // a record that does not decrypt, an alert: see tls_error()
    line_too_long, // the line was skipped; the conversation can go on
    bare_line_end, // a bare CR or LF in a line: smuggling, close
    nul,           // a NUL byte in a line
    flood,         // a line without end: close
};

[[nodiscard]] std::string_view text(ChannelError error);

// What bytes are that came before we began with TLS.
enum class EarlyBytes : std::uint8_t {
    thrown_away, // after STARTTLS: said in clear, by whomever (RFC 3207 4.2)
    are_tls,     // TLS from the start: they are the client's first record
};

// One connection as a conversation sees it: lines and bytes in, bytes out, in clear or in TLS. It
// holds a receive buffer only while bytes in it are unread. Owned by a session or a relay
// conversation; one coroutine reads and writes at a time.
class Channel {
public:
    explicit Channel(io::Socket socket) : socket_(std::move(socket)) {}
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel() = default;

    class LineWait;
    // The next line without its CRLF; valid until the next call. At most `bytes_max` with its CRLF.
    // Does not suspend when the line is here already.
    [[nodiscard]] LineWait line(std::size_t bytes_max, io::Duration wait);

    class DataWait;
    // At least one byte: all that is here. The same bytes come again until they are consumed; the
    // view is valid until the next wait for data.
    [[nodiscard]] DataWait data(io::Duration wait);
    void consume(std::size_t bytes) { window_.remove_prefix(bytes); }

    // All of `bytes`, which must stay valid until then.
    [[nodiscard]] io::Task<std::expected<void, ChannelError>> send(std::string_view bytes,
                                                                   io::Duration wait);

    // Turns to TLS as a server. Early bytes that are thrown away should have been refused
    // beforehand, see has_buffered(). A ticket for resumption waits for what is sent next. After an
    // error: close.
    [[nodiscard]] io::Task<std::expected<void, ssl::Error>>
    start_tls(ssl::ServerContext& context, EarlyBytes early, io::Duration wait);
    // Turns to TLS as a client of `server_name`.
    [[nodiscard]] io::Task<std::expected<void, ssl::Error>>
    start_tls(ssl::ClientContext& context, std::string_view server_name, io::Duration wait);

    // Says `last_words` and close_notify, ends our side, and reads for a little while, so that they
    // are not lost to a reset because of bytes that we never read.
    [[nodiscard]] io::Task<void> close(io::Duration wait, std::string_view last_words = {});

    // Bytes have come that nobody has read.
    [[nodiscard]] bool has_buffered() const {
        return !window_.empty() || !cipher_.empty() || socket_.has_received();
    }
    // Of them those that data() gives at once.
    [[nodiscard]] std::size_t buffered() const { return window_.size(); }
    // A whole line is here: line() will not suspend.
    [[nodiscard]] bool has_line() const { return window_.find('\n') != std::string_view::npos; }

    [[nodiscard]] bool encrypted() const { return engine_ != nullptr; }
    // What the handshake proved; null in clear.
    [[nodiscard]] const ssl::Peer* peer() const { return engine_ ? &engine_->peer() : nullptr; }
    [[nodiscard]] ssl::Error tls_error() const { return engine_ ? engine_->error() : ssl::Error{}; }

    [[nodiscard]] std::uint64_t bytes_in() const { return bytes_in_; }
    [[nodiscard]] std::uint64_t bytes_out() const { return bytes_out_; }

    // Ends the wait for a line or data that is going on; nothing else changes.
    void interrupt() { socket_.interrupt(); }
    // Ends everything.
    void cancel() { socket_.cancel(); }
    [[nodiscard]] io::Socket& socket() { return socket_; }

private:
    [[nodiscard]] io::Task<std::expected<void, ChannelError>> fill(io::Duration wait);
    [[nodiscard]] io::Task<std::expected<void, ChannelError>> decrypt(io::Duration wait);
    // TLS's own words go with ours, which will follow what has come.
    [[nodiscard]] bool answer_may_wait() const;
    [[nodiscard]] io::Task<std::expected<void, ChannelError>> receive(io::Duration wait);
    [[nodiscard]] io::Task<std::expected<void, ChannelError>>
    flush(io::Duration wait, io::Behind behind = io::Behind::anything);
    enum class End : std::uint8_t { server, client };
    [[nodiscard]] io::Task<std::expected<void, ssl::Error>>
    handshake(End end, EarlyBytes early, io::Duration wait);
    using LineResult = std::expected<std::string_view, ChannelError>;
    [[nodiscard]] std::optional<LineResult> line_from_window(std::size_t bytes_max);
    [[nodiscard]] io::Task<LineResult> line_in_parts(std::size_t bytes_max, io::Duration wait);
    [[nodiscard]] io::Task<LineResult> skip_line(io::Duration wait);

    io::Socket socket_;
    std::unique_ptr<ssl::Engine> engine_;
    io::Chunk chunk_;               // what was received last: plain bytes, or records
    std::string_view cipher_;       // records in chunk_ that the engine has not taken
    std::unique_ptr<char[]> plain_; // what the engine decrypted
    std::string_view window_;       // unread plain bytes, in chunk_ or in plain_
    std::string carry_;             // a line that came in parts
    std::string out_;               // records to send
    std::uint64_t bytes_in_ = 0;
    std::uint64_t bytes_out_ = 0;
};

class Channel::LineWait {
public:
    LineWait(Channel& channel, std::size_t bytes_max, io::Duration wait)
        : channel_(channel), bytes_max_(bytes_max), wait_(wait) {}
    [[nodiscard]] bool await_ready() {
        found_ = channel_.line_from_window(bytes_max_);
        return found_.has_value();
    }
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) {
        return slow_.emplace(channel_.line_in_parts(bytes_max_, wait_)).await_suspend(waiter);
    }
    [[nodiscard]] LineResult await_resume() {
        if (found_) return *found_;
        assert(slow_.has_value());
        return slow_->await_resume();
    }

private:
    Channel& channel_;
    std::size_t bytes_max_;
    io::Duration wait_;
    std::optional<LineResult> found_;
    std::optional<io::Task<LineResult>> slow_;
};

class Channel::DataWait {
public:
    DataWait(Channel& channel, io::Duration wait) : channel_(channel), wait_(wait) {}
    [[nodiscard]] bool await_ready() const { return !channel_.window_.empty(); }
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) {
        return slow_.emplace(channel_.fill(wait_)).await_suspend(waiter);
    }
    [[nodiscard]] std::expected<std::string_view, ChannelError> await_resume() {
        if (slow_) {
            const auto filled = slow_->await_resume();
            if (!filled) return std::unexpected{filled.error()};
        }
        return channel_.window_;
    }

private:
    Channel& channel_;
    io::Duration wait_;
    std::optional<io::Task<std::expected<void, ChannelError>>> slow_;
};

inline Channel::LineWait Channel::line(std::size_t bytes_max, io::Duration wait) {
    return {*this, bytes_max, wait};
}
inline Channel::DataWait Channel::data(io::Duration wait) { return {*this, wait}; }

} // namespace postern::gateway
