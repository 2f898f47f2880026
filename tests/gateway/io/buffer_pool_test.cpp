#include "gateway/io/buffer_pool.h"
#include "gateway/io/descriptor.h"

#include <catch2/catch.hpp>
#include <liburing.h>

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postern::io {
namespace {

// An io_uring that receives into the buffers of a pool, one request at a time.
class Kernel {
public:
    Kernel() {
        REQUIRE(io_uring_queue_init(8, &ring_, 0) == 0);
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
        ours_ = Descriptor{ends[0]};
        theirs_ = Descriptor{ends[1]};
    }
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    ~Kernel() { io_uring_queue_exit(&ring_); }

    [[nodiscard]] io_uring& ring() { return ring_; }

    // Sends `bytes` and has the kernel receive what fits into one buffer; the errno when it cannot.
    std::expected<Chunk, int> receive(BufferPool& pool, std::string_view bytes) {
        if (::send(theirs_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
            return std::unexpected{errno};
        }
        io_uring_sqe* entry = io_uring_get_sqe(&ring_);
        io_uring_prep_recv(entry, ours_.get(), nullptr, 0, 0);
        entry->flags |= IOSQE_BUFFER_SELECT;
        entry->buf_group = BufferPool::group;
        io_uring_cqe* answer = nullptr;
        if (io_uring_submit_and_wait(&ring_, 1) != 1) return std::unexpected{EIO};
        if (io_uring_peek_cqe(&ring_, &answer) != 0) return std::unexpected{EIO};
        const std::int32_t result = answer->res;
        const std::uint32_t flags = answer->flags;
        io_uring_cqe_seen(&ring_, answer);
        if (result < 0) return std::unexpected{-result};
        REQUIRE((flags & IORING_CQE_F_BUFFER) != 0);
        pool.taken();
        return Chunk{pool,
                     static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT),
                     static_cast<std::size_t>(result)};
    }

private:
    io_uring ring_{};
    Descriptor ours_;
    Descriptor theirs_;
};

class Waiter final : public BufferWaiter {
public:
    Waiter(std::string& order, char name) : order_(order), name_(name) {}
    ~Waiter() override = default;
    using BufferWaiter::stop_waiting;

    BufferPool* waits_again = nullptr;

private:
    void buffer_free() override {
        order_.push_back(name_);
        if (waits_again != nullptr) std::exchange(waits_again, nullptr)->wait(*this);
    }

    std::string& order_;
    char name_;
};

constexpr std::size_t buffers = 4;

// Every buffer of the pool, filled.
std::vector<Chunk> take_all(Kernel& kernel, BufferPool& pool) {
    std::vector<Chunk> chunks;
    while (chunks.size() < buffers) {
        chunks.push_back(kernel.receive(pool, "taken").value());
    }
    return chunks;
}

} // namespace

TEST_CASE("a buffer whose bytes cannot be counted is refused") {
    Kernel kernel;
    CHECK(BufferPool::make(kernel.ring(), buffers, 65536) == nullptr);
    CHECK(BufferPool::make(kernel.ring(), buffers, 65535) != nullptr);
}

TEST_CASE("the kernel fills the pool's buffers, as many as there are, and each once") {
    Kernel kernel;
    const auto pool = BufferPool::make(kernel.ring(), buffers, 64);
    REQUIRE(pool);
    CHECK(pool->in_use() == 0);
    CHECK(pool->buffer_bytes() == 64);
    std::vector<Chunk> chunks;
    for (const char* text : {"one", "two", "three", "four"}) {
        chunks.push_back(kernel.receive(*pool, text).value());
        CHECK(pool->in_use() == chunks.size());
    }
    CHECK(chunks[0].bytes() == "one");
    CHECK(chunks[1].bytes() == "two");
    CHECK(chunks[2].bytes() == "three");
    CHECK(chunks[3].bytes() == "four");

    CHECK(kernel.receive(*pool, "five").error() == ENOBUFS);
    chunks[1].reset();
    CHECK(kernel.receive(*pool, "").value().bytes() == "five"); // still in the socket
    CHECK(pool->in_use() == 3);
}

TEST_CASE("no buffer is filled beyond its size, and none is lost in many rounds") {
    Kernel kernel;
    const auto pool = BufferPool::make(kernel.ring(), 2, 16);
    for (int round = 0; round < 1000; ++round) {
        const auto first = kernel.receive(*pool, std::string(20, 'x'));
        const auto rest = kernel.receive(*pool, "");
        REQUIRE(first);
        REQUIRE(rest);
        if (first->bytes() != std::string(16, 'x') || rest->bytes() != "xxxx") {
            FAIL("round " << round);
        }
    }
    CHECK(pool->in_use() == 0);
}

TEST_CASE("a chunk gives its buffer back once, wherever it was moved") {
    Kernel kernel;
    const auto pool = BufferPool::make(kernel.ring(), buffers, 64);
    Chunk nothing;
    CHECK(nothing.bytes().empty());
    nothing.reset();

    Chunk chunk = kernel.receive(*pool, "kept").value();
    Chunk moved = std::move(chunk);
    CHECK(chunk.bytes().empty()); // NOLINT(bugprone-use-after-move): that is what is tested
    CHECK(moved.bytes() == "kept");
    CHECK(pool->in_use() == 1);

    Chunk other = kernel.receive(*pool, "other").value();
    CHECK(pool->in_use() == 2);
    other = std::move(moved); // what it held before goes back
    CHECK(pool->in_use() == 1);
    CHECK(other.bytes() == "kept");
    other.reset();
    other.reset();
    CHECK(pool->in_use() == 0);
    CHECK(other.bytes().empty());
}

TEST_CASE("each buffer that comes back is the turn of one that waits, the longest first") {
    Kernel kernel;
    const auto pool = BufferPool::make(kernel.ring(), buffers, 64);
    auto chunks = take_all(kernel, *pool);
    std::string order;
    Waiter first{order, 'a'};
    Waiter second{order, 'b'};
    Waiter third{order, 'c'};
    for (Waiter* waiter : {&first, &second, &third}) {
        pool->wait(*waiter);
    }
    CHECK(pool->times_exhausted() == 3);
    CHECK(order.empty());
    chunks.pop_back();
    CHECK(order == "a");
    chunks.pop_back();
    CHECK(order == "ab");
    chunks.clear();
    CHECK(order == "abc"); // once, though more came back
}

TEST_CASE("who waits although a buffer has come back meanwhile is called at once") {
    Kernel kernel;
    const auto pool = BufferPool::make(kernel.ring(), buffers, 64);
    auto chunks = take_all(kernel, *pool);
    chunks.pop_back();
    std::string order;
    Waiter waiter{order, 'a'};
    pool->wait(waiter);
    CHECK(order == "a");
}

TEST_CASE("who has no use for the buffer passes it on") {
    Kernel kernel;
    const auto pool = BufferPool::make(kernel.ring(), buffers, 64);
    auto chunks = take_all(kernel, *pool);
    std::string order;
    Waiter first{order, 'a'};
    Waiter second{order, 'b'};
    pool->wait(first);
    pool->wait(second);
    pool->pass_on(); // none is free: nobody's turn
    CHECK(order.empty());
    chunks.pop_back();
    pool->pass_on();
    CHECK(order == "ab");
    pool->pass_on(); // nobody waits
    CHECK(order == "ab");
}

TEST_CASE("who stops waiting, by word or by going, leaves the others in line") {
    Kernel kernel;
    const auto pool = BufferPool::make(kernel.ring(), buffers, 64);
    const auto leaves = GENERATE(0, 1, 2);
    CAPTURE(leaves);
    std::string order;
    std::vector<Chunk> chunks = take_all(kernel, *pool);
    std::array<std::optional<Waiter>, 3> waiters;
    for (std::size_t index = 0; index < waiters.size(); ++index) {
        pool->wait(waiters.at(index).emplace(order, static_cast<char>('a' + index)));
    }
    auto& leaving = waiters.at(static_cast<std::size_t>(leaves));
    if (GENERATE(true, false)) {
        leaving->stop_waiting();
        leaving->stop_waiting();
    } else {
        leaving.reset();
    }
    Waiter last{order, 'd'};
    pool->wait(last);
    std::string expected = "abcd";
    expected.erase(static_cast<std::size_t>(leaves), 1);
    chunks.clear();
    CHECK(order == expected);
}

TEST_CASE("who is called may wait again, at the end of the line") {
    Kernel kernel;
    const auto pool = BufferPool::make(kernel.ring(), buffers, 64);
    auto chunks = take_all(kernel, *pool);
    std::string order;
    Waiter first{order, 'a'};
    Waiter second{order, 'b'};
    pool->wait(first);
    pool->wait(second);
    first.waits_again = pool.get();
    chunks.pop_back(); // one is free and first does not take it: both have their turn
    CHECK(order == "ab");
    chunks.pop_back();
    CHECK(order == "aba");
}

TEST_CASE("those who wait may outlive the pool") {
    Kernel kernel;
    std::string order;
    Waiter first{order, 'a'};
    Waiter second{order, 'b'};
    auto pool = BufferPool::make(kernel.ring(), buffers, 64);
    while (pool->in_use() < buffers) {
        pool->taken();
    }
    pool->wait(first);
    pool->wait(second);
    pool.reset();
    first.stop_waiting();
    CHECK(order.empty());
}

TEST_CASE("a ring has one pool: the kernel refuses a second") {
    Kernel kernel;
    const auto pool = BufferPool::make(kernel.ring(), buffers, 64);
    CHECK(pool);
    CHECK_FALSE(BufferPool::make(kernel.ring(), buffers, 64));
}

} // namespace postern::io
