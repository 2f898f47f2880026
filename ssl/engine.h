#pragma once

#include "ssl/context.h"
#include "ssl/error.h"
#include "ssl/peer.h"
#include "ssl/session.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postern::ssl {

enum class Progress : std::uint8_t {
    done, // nothing is outstanding: the handshake is complete, the span is full, all was written
    want_input, // all of `input` has been taken, and more is needed
    closed,     // the peer has said close_notify; nothing more will come
    failed,     // see error(); what `output` holds (an alert) may still be sent
};

// One TLS connection, without a socket: foreign bytes go in, records come out. Owned by the channel
// of a connection, lives on one core, keeps no pointer to what a call was given. Calls: handshake()
// until it does not want input; then read(), write() in any order; close() at the end. After
// `failed` only error(), peer() and the destructor. Whatever a call appends to `output` is to be
// sent, also when it returns `failed` or `closed`. The end of the peer's byte stream is the
// channel's to notice: without a `closed` before it, the connection was cut.
class Engine {
public:
    // Answers a client. Costs a few hundred bytes until the ClientHello is complete.
    [[nodiscard]] static std::expected<std::unique_ptr<Engine>, Error>
    server(ServerContext& context);

    // Calls a server. `server_name`: what is sent as SNI (unless it is an address literal) and
    // compared with the certificate. A `resume` of another server name is left unused.
    [[nodiscard]] static std::expected<std::unique_ptr<Engine>, Error>
    client(ClientContext& context, std::string_view server_name, const Session* resume = nullptr);

    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    ~Engine();

    // Takes bytes from the front of `input` and appends records to `output`. A client begins with
    // an empty input. After `done`, what `input` still holds is for read().
    [[nodiscard]] Progress handshake(std::string_view& input, std::string& output);

    struct Read {
        std::size_t bytes = 0; // written to the front of `plain`, whatever `progress` says
        Progress progress = Progress::want_input;
    };

    // Decrypts into `plain` until it is full (`done`) or the input is used up (`want_input`).
    // Records for `output` come rarely: the answer to a TLS 1.3 KeyUpdate, an alert.
    [[nodiscard]] Read read(std::string_view& input, std::span<char> plain, std::string& output);

    // True when read() would give bytes without any input.
    [[nodiscard]] bool has_plain() const;

    // Encrypts all of `plain` into records of at most 16 KiB. `done` or `failed`.
    [[nodiscard]] Progress write(std::string_view plain, std::string& output);

    // close_notify. Nothing is written after it, and what the peer still sends is dropped: read()
    // says `closed` from then on. Ends a handshake, too.
    void close(std::string& output);

    [[nodiscard]] const Peer& peer() const { return peer_; }
    [[nodiscard]] Error error() const { return error_; }

    // As a client, after the handshake (with TLS 1.3 after the first read(): the ticket comes
    // behind the handshake). Empty when the server gave nothing to resume with, or see Resumption.
    [[nodiscard]] std::optional<Session> session() const;

private:
    struct Impl; // the library's object, what belongs to it, and what was read of a ClientHello

    explicit Engine(std::unique_ptr<Impl> impl);

    [[nodiscard]] Progress read_hello(std::string_view& input, std::string& output);
    [[nodiscard]] Progress begin_server(std::string& output);
    [[nodiscard]] Progress advance(std::string_view& input, std::string& output);
    [[nodiscard]] Progress judge(int result);
    [[nodiscard]] Progress ending() const;
    Progress fail(Error error);

    std::unique_ptr<Impl> impl_;
    Peer peer_;
    Error error_;
};

} // namespace postern::ssl
