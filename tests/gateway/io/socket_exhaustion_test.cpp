// Sockets of a ring whose receive buffers are all in use, and sockets that go before the kernel has
// let go of them.
#include "gateway/io/socket.h"

#include <fcntl.h>

#include <deque>
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

constexpr std::size_t buffers = 2;

Task<void> receive(Socket& socket, Chunk& chunk, std::optional<Error>& failure, Duration wait) {
    auto received = co_await socket.receive(wait);
    if (received) {
        chunk = std::move(*received);
    } else {
        failure = received.error();
    }
}

Task<void> count_bytes(Socket& socket, std::size_t expected, std::size_t& read) {
    while (read < expected) {
        const auto chunk = co_await socket.receive(patience);
        if (!chunk) co_return;
        read += chunk->bytes().size();
    }
}

// A connection, and what its receive brought.
struct Connection {
    Connection(Loop& loop, test::Ends ends)
        : socket(loop.ring(), std::move(ends.one)), peer(std::move(ends.other)) {}

    void receives(Loop& loop, Duration wait = patience) {
        failure.reset();
        loop.spawn(receive(socket, chunk, failure, wait));
    }
    void peer_sends(std::string_view bytes) const {
        REQUIRE(::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(bytes.size()));
    }
    [[nodiscard]] bool has(std::string_view bytes) const { return chunk.bytes() == bytes; }

    Socket socket;
    Descriptor peer;
    Chunk chunk;
    std::optional<Error> failure;
};

// A ring with two buffers, both of which are in use.
struct Exhausted {
    Exhausted() {
        for (std::size_t held = 0; held < buffers; ++held) {
            Connection& connection = connect();
            connection.peer_sends("held");
            connection.receives(loop);
        }
        loop.finish();
        REQUIRE(loop.ring().buffers().in_use() == buffers);
    }

    Connection& connect() { return connections.emplace_back(loop, test::tcp_ends()); }
    // A connection that has bytes to read, and waits for a buffer.
    Connection& starving(std::string_view bytes, Duration wait = patience) {
        Connection& connection = connect();
        connection.peer_sends(bytes);
        starve(connection, wait);
        return connection;
    }
    void starve(Connection& connection, Duration wait = patience) {
        const auto before = loop.ring().buffers().times_exhausted();
        connection.receives(loop, wait);
        while (loop.ring().buffers().times_exhausted() == before) {
            loop.ring().turn();
        }
    }
    void free_one() { connections.front().chunk.reset(); }
    void turn_until(const Connection& connection, std::string_view bytes) {
        while (!connection.has(bytes)) {
            loop.ring().turn();
        }
    }

    Loop loop{{.entries = 64, .buffers = buffers, .buffer_bytes = 1024}};
    std::deque<Connection> connections; // they stay where they are
};

} // namespace

TEST_CASE("without a free buffer a receive waits, and nothing is lost") {
    Exhausted ring;
    Connection& starving = ring.starving("first");
    ring.loop.turn_for(milliseconds{10});
    CHECK_FALSE(starving.failure);
    CHECK(starving.has(""));
    ring.free_one();
    ring.loop.finish();
    CHECK(starving.has("first"));

    // And all goes on as before.
    starving.chunk.reset();
    starving.peer_sends("second");
    starving.receives(ring.loop);
    ring.loop.finish();
    CHECK(starving.has("second"));
}

TEST_CASE("many that wait are served one after the other, as buffers come back") {
    Exhausted ring;
    std::vector<Connection*> all;
    while (all.size() < 10) {
        all.push_back(&ring.starving("mine"));
    }
    ring.free_one();
    for (Connection* connection : all) {
        ring.turn_until(*connection, "mine");
        connection->chunk.reset();
    }
    ring.loop.finish();
    CHECK(ring.loop.ring().buffers().in_use() == buffers - 1);
}

TEST_CASE("a receive that waits for a buffer may time out, and wait for one again") {
    Exhausted ring;
    Connection& starving = ring.starving("late", milliseconds{20});
    ring.loop.finish();
    CHECK(starving.failure == Error::timed_out);
    starving.receives(ring.loop, milliseconds{20});
    ring.loop.finish();
    CHECK(starving.failure == Error::timed_out);
    starving.receives(ring.loop);
    ring.free_one();
    ring.loop.finish();
    CHECK(starving.has("late"));
}

TEST_CASE("whoever gives up waiting for a buffer leaves it to the next") {
    enum class GivesUp { by_time, by_interrupt, by_cancel, by_going };
    const auto how =
        GENERATE(GivesUp::by_time, GivesUp::by_interrupt, GivesUp::by_cancel, GivesUp::by_going);
    CAPTURE(static_cast<int>(how));
    Exhausted ring;
    const Duration wait = how == GivesUp::by_time ? milliseconds{20} : patience;
    Connection& first = ring.starving("first", wait);
    Connection& second = ring.starving("second");
    if (how == GivesUp::by_interrupt) first.socket.interrupt();
    if (how == GivesUp::by_cancel) first.socket.cancel();
    if (how == GivesUp::by_going) {
        first.socket.interrupt();
        ring.loop.ring().turn();
        const Socket gone = std::move(first.socket);
    } else {
        while (!first.failure) {
            ring.loop.ring().turn();
        }
    }
    ring.free_one();
    ring.loop.finish();
    CHECK(first.failure);
    CHECK(second.has("second"));
}

TEST_CASE("whose turn it is when the peer has gone leaves the buffer to the next") {
    Exhausted ring;
    Connection& first = ring.connect();
    const bool reset = GENERATE(true, false);
    const linger now{.l_onoff = reset ? 1 : 0, .l_linger = 0};
    ::setsockopt(first.peer.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    first.peer.reset();
    ring.starve(first); // the kernel wants a buffer even to say that there is nothing to read
    Connection& second = ring.starving("second");
    ring.free_one();
    ring.loop.finish();
    CHECK(first.failure == (reset ? Error::reset : Error::closed));
    CHECK(second.has("second"));
}

TEST_CASE("whose turn it is and who is cancelled then leaves the buffer to the next") {
    Exhausted ring;
    Connection& first = ring.starving("first");
    Connection& second = ring.starving("second");
    ring.free_one();       // first's turn
    first.socket.cancel(); // before the kernel has heard of it
    ring.loop.finish();
    CHECK(first.failure == Error::cancelled);
    CHECK(second.has("second"));
}

TEST_CASE("those who have nothing to read do not stand in line for a buffer") {
    Exhausted ring;
    const auto before = ring.loop.ring().buffers().times_exhausted();
    std::vector<Connection*> idle;
    while (idle.size() < 4) {
        idle.push_back(&ring.connect());
        idle.back()->receives(ring.loop);
    }
    ring.loop.turn_for(milliseconds{10});
    CHECK(ring.loop.ring().buffers().times_exhausted() == before);
    Connection& busy = ring.starving("busy");
    ring.free_one();
    ring.turn_until(busy, "busy");
    for (Connection* connection : idle) {
        connection->socket.interrupt();
    }
    ring.loop.finish();
}

TEST_CASE("a burst that fills every buffer in one turn goes on when they are read in that turn") {
    // "No buffer" is answered behind the bytes whose reader has given the buffers back by then.
    Loop loop{{.entries = 64, .buffers = buffers, .buffer_bytes = 1024}};
    Connection connection{loop, test::tcp_ends()};
    const std::string burst(10 * 1024, 'x');
    connection.peer_sends(burst);
    std::size_t read = 0;
    loop.run(count_bytes(connection.socket, burst.size(), read));
    CHECK(read == burst.size());
    CHECK(loop.ring().buffers().times_exhausted() > 0);
}

TEST_CASE("a socket may go while the kernel still receives for it, and its buffers come back") {
    Loop loop{{.entries = 64, .buffers = 8, .buffer_bytes = 1024}};
    std::optional<Connection> connection{std::in_place, loop, test::tcp_ends()};
    connection->receives(loop);
    connection->peer_sends("taken");
    loop.finish();
    // Three more in the socket's hands, one in ours.
    for (const char* bytes : {"one", "two", "three"}) {
        const auto in_use = loop.ring().buffers().in_use();
        connection->peer_sends(bytes);
        while (loop.ring().buffers().in_use() == in_use) {
            loop.ring().turn();
        }
    }
    CHECK(loop.ring().buffers().in_use() == 4);
    const Descriptor peer = std::move(connection->peer);
    connection.reset();
    CHECK(loop.ring().buffers().in_use() == 0);
    loop.turn_for(milliseconds{1});
    char byte = 0;
    CHECK(::recv(peer.get(), &byte, 1, MSG_DONTWAIT) == 0); // the peer sees the end
}

TEST_CASE("a descriptor is not closed before the kernel has let go: its number may be another's") {
    Loop loop;
    Connection connection{loop, test::tcp_ends()};
    connection.receives(loop);
    const int number = connection.socket.fd();
    connection.socket.interrupt();
    loop.finish(); // the kernel's own receive goes on
    CHECK(connection.failure == Error::cancelled);
    {
        const Socket gone = std::move(connection.socket);
    }
    CHECK(::fcntl(number, F_GETFD) != -1);
    loop.turn_for(milliseconds{10});
    CHECK(::fcntl(number, F_GETFD) == -1);
}

TEST_CASE("a ring may go right after its sockets: it waits for the kernel's last answers") {
    std::vector<Descriptor> peers;
    {
        Loop loop;
        std::deque<Connection> connections;
        for (int count = 0; count < 20; ++count) {
            Connection& connection = connections.emplace_back(loop, test::tcp_ends());
            connection.receives(loop);
            peers.push_back(std::move(connection.peer));
        }
        loop.turn_for(milliseconds{1});
        for (Connection& connection : connections) {
            connection.socket.interrupt();
        }
        loop.finish();
    }
    for (const Descriptor& peer : peers) {
        char byte = 0;
        CHECK(::recv(peer.get(), &byte, 1, MSG_DONTWAIT) == 0);
    }
}

} // namespace postern::io
