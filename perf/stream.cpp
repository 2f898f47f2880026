#include "perf/stream.h"

#include <algorithm>
#include <utility>

namespace postern::perf {
namespace {

// Encrypted and sent in one piece: enough for four full records.
constexpr std::size_t piece_bytes = 65536;

} // namespace

io::Task<std::expected<void, io::Error>> Stream::receive_records(io::Duration wait) {
    chunk_.reset();
    auto received = co_await socket_.receive(wait);
    if (!received) co_return std::unexpected{received.error()};
    chunk_ = std::move(*received);
    records_ = chunk_.bytes();
    co_return {};
}

io::Task<bool> Stream::handshake(std::unique_ptr<ssl::Engine> engine, io::Duration wait) {
    engine_ = std::move(engine);
    records_ = {};
    for (;;) {
        std::string flight;
        const ssl::Progress progress = engine_->handshake(records_, flight);
        const auto sent = co_await socket_.send(flight, wait);
        if (!sent) co_return false;
        if (progress == ssl::Progress::done) co_return true;
        if (progress != ssl::Progress::want_input) co_return false;
        const auto received = co_await receive_records(wait);
        if (!received) co_return false;
    }
}

// What is to be had without waiting; nothing: records are needed.
std::optional<std::expected<std::string_view, io::Error>> Stream::decrypt() {
    if (ended_) return std::unexpected{*ended_};
    const ssl::Engine::Read read = engine_->read(records_, scratch_, answer_);
    if (read.progress == ssl::Progress::closed) ended_ = io::Error::closed;
    if (read.progress == ssl::Progress::failed) ended_ = io::Error::other;
    if (read.bytes > 0) return std::string_view{scratch_.data(), read.bytes};
    if (ended_) return std::unexpected{*ended_};
    return std::nullopt;
}

io::Task<std::expected<std::string_view, io::Error>> Stream::receive(io::Duration wait) {
    if (engine_) {
        if (const auto plain = decrypt()) co_return *plain;
    }
    for (;;) {
        const auto received = co_await receive_records(wait);
        if (!received) co_return std::unexpected{received.error()};
        if (!engine_) co_return chunk_.bytes();
        if (const auto plain = decrypt()) co_return *plain;
    }
}

io::Task<std::expected<void, io::Error>> Stream::send(std::string_view bytes, io::Duration wait) {
    if (engine_) co_return co_await send_encrypted(bytes, wait);
    co_return co_await socket_.send(bytes, wait);
}

io::Task<std::expected<void, io::Error>> Stream::send_encrypted(std::string_view bytes,
                                                                io::Duration wait) {
    while (!bytes.empty()) {
        const std::string_view piece = bytes.substr(0, piece_bytes);
        bytes.remove_prefix(piece.size());
        std::string records = std::exchange(answer_, {});
        if (engine_->write(piece, records) != ssl::Progress::done) {
            co_return std::unexpected{io::Error::other};
        }
        const auto sent = co_await socket_.send(records, wait);
        if (!sent) co_return std::unexpected{sent.error()};
    }
    co_return {};
}

} // namespace postern::perf
