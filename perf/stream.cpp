#include "perf/stream.h"

#include <utility>

namespace postern::perf {

io::Task<std::expected<std::string_view, io::Error>> Stream::receive(io::Duration wait) {
    chunk_.reset();
    auto received = co_await socket_.receive(wait);
    if (!received) co_return std::unexpected{received.error()};
    chunk_ = std::move(*received);
    co_return chunk_.bytes();
}

io::Task<std::expected<void, io::Error>> Stream::send(std::string_view bytes, io::Duration wait) {
    co_return co_await socket_.send(bytes, wait);
}

} // namespace postern::perf
