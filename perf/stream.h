#pragma once

#include "gateway/io/socket.h"
#include "gateway/io/task.h"
#include "ssl/engine.h"

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postern::perf {

// A connection as the measuring programs see it: plain bytes in and out, over TLS once handshake()
// was successful. Belongs to one coroutine of one core.
class Stream {
public:
    // `scratch` is the core's: decrypted bytes lie there between two waits.
    Stream(io::Socket socket, std::span<char> scratch)
        : socket_(std::move(socket)), scratch_(scratch) {}

    // What the peer said in clear and nobody has received is dropped (RFC 3207 4.2). False: the
    // handshake failed or the connection broke.
    [[nodiscard]] io::Task<bool> handshake(std::unique_ptr<ssl::Engine> engine, io::Duration wait);

    // The next bytes. Under TLS they are gone after the next wait for anything.
    [[nodiscard]] io::Task<std::expected<std::string_view, io::Error>> receive(io::Duration wait);
    // All of `bytes`, which stay where they are until the result is there.
    [[nodiscard]] io::Task<std::expected<void, io::Error>> send(std::string_view bytes,
                                                                io::Duration wait);
    // Ends every wait, now and later.
    void cancel() { socket_.cancel(); }

    // Null in clear.
    [[nodiscard]] const ssl::Engine* engine() const { return engine_.get(); }

private:
    [[nodiscard]] io::Task<std::expected<void, io::Error>> receive_records(io::Duration wait);
    [[nodiscard]] std::optional<std::expected<std::string_view, io::Error>> decrypt();
    [[nodiscard]] io::Task<std::expected<void, io::Error>> send_encrypted(std::string_view bytes,
                                                                          io::Duration wait);

    io::Socket socket_;
    std::span<char> scratch_;
    io::Chunk chunk_;
    std::unique_ptr<ssl::Engine> engine_;
    std::string_view records_; // what is left of chunk_
    std::string answer_;       // records the engine wants sent with the next ones
    std::optional<io::Error> ended_;
};

} // namespace postern::perf
