#include "gateway/io/socket.h"

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/gateway/io/loop.h"

namespace postern::io {
namespace {

using std::chrono::milliseconds;
using test::Loop;
using test::patience;

using Received = std::expected<std::string, Error>;

// A socket on a ring, and the blocking descriptor of its peer.
struct Pair {
    explicit Pair(Loop& loop) : Pair(loop, test::tcp_ends()) {}
    Pair(Loop& loop, test::Ends ends)
        : socket(loop.ring(), std::move(ends.one)), peer(std::move(ends.other)) {}

    void peer_sends(std::string_view bytes) const {
        REQUIRE(::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(bytes.size()));
    }
    void peer_resets() {
        const linger now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        peer.reset();
    }

    Socket socket;
    Descriptor peer;
};

Task<void> receive(Socket& socket, std::optional<Received>& result, Duration wait = patience) {
    const auto chunk = co_await socket.receive(wait);
    result = chunk ? Received{std::string{chunk->bytes()}} : std::unexpected{chunk.error()};
}

// Everything until the stream ends, and how it ended.
Task<void> receive_all(Socket& socket, std::string& all, std::optional<Error>& end) {
    for (;;) {
        const auto chunk = co_await socket.receive(patience);
        if (!chunk) {
            end = chunk.error();
            co_return;
        }
        all += chunk->bytes();
    }
}

Task<void> send(Socket& socket,
                std::string_view bytes,
                std::optional<std::expected<void, Error>>& result,
                Duration wait = patience) {
    result = co_await socket.send(bytes, wait);
}

Received received_by(Loop& loop, Socket& socket, Duration wait = patience) {
    std::optional<Received> result;
    loop.run(receive(socket, result, wait));
    return result.value();
}

// Bytes that are all different within any few hundred.
std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t index = 0; index < size; ++index) {
        bytes[index] = static_cast<char>(index * 7 + (index >> 8));
    }
    return bytes;
}

constexpr std::size_t more_than_fits = 32U << 20; // into the buffers of both ends

Task<void> connect(Ring& ring, Endpoint to, std::optional<Error>& failure, Duration wait) {
    const auto connected = co_await Socket::connect(ring, to, wait);
    if (!connected) failure = connected.error();
}

// What the peer reads when it reads to the end.
std::string read_to_end(const Descriptor& peer) {
    std::string all;
    std::array<char, 65536> buffer{};
    for (;;) {
        const ssize_t size = ::recv(peer.get(), buffer.data(), buffer.size(), 0);
        if (size <= 0) return all;
        all.append(buffer.data(), static_cast<std::size_t>(size));
    }
}

} // namespace

TEST_CASE("bytes come as they were sent, whether one waits for them or not") {
    Loop loop;
    Pair pair{loop};
    std::optional<Received> result;
    loop.spawn(receive(pair.socket, result));
    CHECK_FALSE(pair.socket.has_received());
    loop.turn_for(milliseconds{1});
    CHECK_FALSE(result);
    pair.peer_sends("EHLO a\r\n");
    loop.finish();
    CHECK(result.value() == "EHLO a\r\n");

    pair.peer_sends("NOOP\r\n");
    while (!pair.socket.has_received()) {
        loop.ring().turn();
    }
    result.reset();
    loop.spawn(receive(pair.socket, result)); // no turn needed
    CHECK(result.value() == "NOOP\r\n");
    CHECK(loop.ring().buffers().in_use() == 0);
}

TEST_CASE("a long stream arrives whole, though it is read slower than it comes") {
    Loop loop{{.entries = 64, .buffers = 32, .buffer_bytes = 1024}};
    Pair pair{loop};
    const std::string sent = pattern(1U << 20);
    Socket peer{loop.ring(), std::move(pair.peer)};
    std::optional<std::expected<void, Error>> result;
    loop.spawn(send(peer, sent, result));
    std::optional<Received> first;
    loop.run(receive(pair.socket, first));
    CHECK(result == std::expected<void, Error>{});
    // Nobody reads for a while: the socket holds a bounded number of buffers.
    CHECK(loop.ring().buffers().in_use() <= 32);
    peer.shut_down_send();

    std::string all = first->value();
    std::optional<Error> end;
    loop.run(receive_all(pair.socket, all, end));
    CHECK((all == sent));
    CHECK(end == Error::closed);
    CHECK(loop.ring().buffers().in_use() == 0);
}

TEST_CASE("a peer that closes its side may still be written to") {
    Loop loop;
    Pair pair{loop};
    pair.peer_sends("QUIT\r\n");
    ::shutdown(pair.peer.get(), SHUT_WR);
    CHECK(received_by(loop, pair.socket) == "QUIT\r\n");
    CHECK(received_by(loop, pair.socket).error() == Error::closed);
    CHECK(received_by(loop, pair.socket).error() == Error::closed); // and stays so

    std::optional<std::expected<void, Error>> sent;
    loop.run(send(pair.socket, "221 bye\r\n", sent));
    CHECK(sent->has_value());
    pair.socket.shut_down_send();
    CHECK(read_to_end(pair.peer) == "221 bye\r\n");
    loop.run(send(pair.socket, "more", sent));
    CHECK(sent->error() == Error::reset);
}

TEST_CASE("a peer that resets ends a receive, waiting or not") {
    Loop loop;
    Pair pair{loop};
    std::optional<Received> result;
    if (GENERATE(true, false)) {
        loop.spawn(receive(pair.socket, result));
        loop.turn_for(milliseconds{1});
    }
    pair.peer_resets();
    loop.finish();
    CHECK(result.value_or(received_by(loop, pair.socket)).error() == Error::reset);
    CHECK(received_by(loop, pair.socket).error() == Error::reset);
}

TEST_CASE("a socket that resets on close shows its peer a broken connection") {
    Loop loop;
    Pair pair{loop};
    std::optional<Pair> gone{std::move(pair)};
    const Descriptor peer = std::move(gone->peer);
    const bool reset = GENERATE(true, false);
    if (reset) gone->socket.reset_on_close();
    gone.reset();
    loop.turn_for(milliseconds{1});
    char byte = 0;
    CHECK(::recv(peer.get(), &byte, 1, 0) == (reset ? -1 : 0));
    if (reset) CHECK(errno == ECONNRESET);
}

TEST_CASE("a receive waits as long as it was told, and the next one goes on") {
    Loop loop;
    Pair pair{loop};
    const auto start = Clock::now();
    CHECK(received_by(loop, pair.socket, milliseconds{20}).error() == Error::timed_out);
    CHECK(Clock::now() - start >= milliseconds{20});
    pair.peer_sends("late");
    CHECK(received_by(loop, pair.socket) == "late");
}

TEST_CASE("an interrupt ends the receive that waits, and no later one") {
    Loop loop;
    Pair pair{loop};
    pair.socket.interrupt(); // nobody waits: nothing happens
    std::optional<Received> result;
    loop.spawn(receive(pair.socket, result));
    if (GENERATE(true, false)) loop.turn_for(milliseconds{1}); // in the kernel, or not yet
    pair.socket.interrupt();
    CHECK_FALSE(result); // not inside interrupt()
    loop.finish();
    CHECK(result->error() == Error::cancelled);
    pair.peer_sends("more");
    CHECK(received_by(loop, pair.socket) == "more");
}

TEST_CASE("a cancelled socket receives and sends no more") {
    Loop loop;
    Pair pair{loop};
    std::optional<Received> received;
    loop.spawn(receive(pair.socket, received));
    if (GENERATE(true, false)) loop.turn_for(milliseconds{1});
    pair.socket.cancel();
    pair.socket.cancel();
    CHECK_FALSE(received);
    loop.finish();
    CHECK(received->error() == Error::cancelled);
    CHECK(received_by(loop, pair.socket).error() == Error::cancelled);
    std::optional<std::expected<void, Error>> sent;
    loop.run(send(pair.socket, "more", sent));
    CHECK(sent->error() == Error::cancelled);
}

TEST_CASE("more than fits into the socket is sent piece by piece, as the peer reads") {
    Loop loop;
    Pair pair{loop};
    const std::string bytes = pattern(more_than_fits);
    std::optional<std::expected<void, Error>> sent;
    Socket peer{loop.ring(), std::move(pair.peer)};
    loop.spawn(send(pair.socket, bytes, sent));
    loop.turn_for(milliseconds{10});
    CHECK_FALSE(sent); // blocked: nobody reads

    std::string all;
    std::optional<Error> end;
    loop.spawn(receive_all(peer, all, end));
    while (!sent) {
        loop.ring().turn();
    }
    CHECK(sent->has_value());
    pair.socket.shut_down_send();
    loop.finish();
    CHECK((all == bytes));
    CHECK(end == Error::closed);
}

TEST_CASE("a send that is blocked ends when it is told to, however much went out before") {
    struct Row {
        const char* name;
        Error error;
    };
    const auto row = GENERATE(values<Row>(
        {{"time-out", Error::timed_out}, {"cancel", Error::cancelled}, {"reset", Error::reset}}));
    CAPTURE(row.name);
    Loop loop;
    Pair pair{loop};
    const std::string bytes(more_than_fits, 'x');
    std::optional<std::expected<void, Error>> sent;
    const Duration wait = row.error == Error::timed_out ? Duration{20} : patience;
    const auto start = Clock::now();
    loop.spawn(send(pair.socket, bytes, sent, wait));
    if (row.error != Error::timed_out) loop.turn_for(milliseconds{10});
    CHECK_FALSE(sent);
    if (row.error == Error::cancelled) pair.socket.cancel();
    if (row.error == Error::reset) pair.peer_resets();
    loop.finish();
    CHECK(sent->error() == row.error);
    CHECK(Clock::now() - start < patience / 2);
}

TEST_CASE("a send to a peer that has ended its side and reads a little ends when it is cancelled") {
    Loop loop;
    Pair pair{loop};
    const std::string bytes(more_than_fits, 'x');
    std::optional<std::expected<void, Error>> sent;
    loop.spawn(send(pair.socket, bytes, sent));
    Socket peer{loop.ring(), std::move(pair.peer)};
    peer.shut_down_send();
    for (std::size_t read = 0; read < 1U << 20U;) {
        std::optional<Received> piece;
        loop.spawn(receive(peer, piece));
        while (!piece) {
            loop.ring().turn();
        }
        read += piece->value().size();
    }
    pair.socket.cancel();
    loop.finish();
    CHECK(sent->error() == Error::cancelled);
}

TEST_CASE("sending nothing is done at once") {
    Loop loop;
    Pair pair{loop};
    std::optional<std::expected<void, Error>> sent;
    loop.spawn(send(pair.socket, "", sent));
    CHECK(sent->has_value());
}

TEST_CASE("a socket receives and sends at the same time") {
    Loop loop;
    Pair pair{loop};
    Socket peer{loop.ring(), std::move(pair.peer)};
    const std::string bytes = pattern(more_than_fits / 4);
    std::array<std::optional<std::expected<void, Error>>, 2> sent;
    std::array<std::string, 2> all;
    std::array<std::optional<Error>, 2> end;
    loop.spawn(receive_all(pair.socket, all[0], end[0]));
    loop.spawn(receive_all(peer, all[1], end[1]));
    loop.spawn(send(pair.socket, bytes, sent[0]));
    loop.spawn(send(peer, bytes, sent[1]));
    while (!sent[0] || !sent[1]) {
        loop.ring().turn();
    }
    pair.socket.shut_down_send();
    peer.shut_down_send();
    loop.finish();
    CHECK((all[0] == bytes && all[1] == bytes));
}

TEST_CASE("a connection is made where somebody listens") {
    Loop loop;
    const Descriptor server = test::listening();
    std::optional<Error> failure;
    loop.run(connect(loop.ring(), Endpoint::local_of(server.get()), failure, patience));
    CHECK_FALSE(failure);
    const Descriptor accepted{::accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    CHECK(accepted.valid());
}

TEST_CASE("nobody listens, no way, no family: each is an error of its own") {
    Loop loop;
    Descriptor server = test::listening();
    const Endpoint free = Endpoint::local_of(server.get());
    server.reset();
    std::optional<Error> failure;
    loop.run(connect(loop.ring(), free, failure, patience));
    CHECK(failure == Error::refused);
    // No connection is ever made to everybody: the kernel says so without sending anything.
    loop.run(
        connect(loop.ring(), Endpoint::parse("255.255.255.255:25").value(), failure, patience));
    CHECK(failure == Error::unreachable);
    loop.run(connect(loop.ring(), Endpoint{}, failure, patience));
    CHECK(failure == Error::other);
}

TEST_CASE("a connect that nobody answers ends when its time is up") {
    Loop loop;
    const Descriptor server = test::listening(0);
    const Endpoint address = Endpoint::local_of(server.get());
    // The backlog is full after a few, and the kernel drops what comes then.
    std::vector<Descriptor> waiting;
    while (waiting.size() < 8) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        waiting.emplace_back(fd);
        ::connect(fd, address.data(), address.size());
    }
    std::optional<Error> failure;
    const auto start = Clock::now();
    loop.run(connect(loop.ring(), address, failure, milliseconds{20}));
    CHECK(failure == Error::timed_out);
    CHECK(Clock::now() - start >= milliseconds{20});
}

} // namespace postern::io
