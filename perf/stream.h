#pragma once

#include "gateway/io/socket.h"
#include "gateway/io/task.h"

#include <expected>
#include <string_view>

namespace postern::perf {

// A connection as the measuring programs see it: plain bytes in and out. Belongs to one coroutine
// of one core.
class Stream {
public:
    explicit Stream(io::Socket socket) : socket_(std::move(socket)) {}

    // The next bytes, valid until the next call.
    [[nodiscard]] io::Task<std::expected<std::string_view, io::Error>> receive(io::Duration wait);
    // All of `bytes`, which stay where they are until the result is there.
    [[nodiscard]] io::Task<std::expected<void, io::Error>> send(std::string_view bytes,
                                                                io::Duration wait);
    // Ends every wait, now and later.
    void cancel() { socket_.cancel(); }

private:
    io::Socket socket_;
    io::Chunk chunk_;
};

} // namespace postern::perf
