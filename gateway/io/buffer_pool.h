#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

struct io_uring;
struct io_uring_buf_ring;

namespace postern::io {

class BufferPool;

// Received bytes in a buffer of the pool, which gets it back when the chunk goes.
class Chunk {
public:
    Chunk() = default;
    Chunk(BufferPool& pool, std::uint16_t id, std::size_t size)
        : pool_(&pool), id_(id), size_(size) {}
    Chunk(Chunk&& other) noexcept;
    Chunk& operator=(Chunk&& other) noexcept;
    Chunk(const Chunk&) = delete;
    Chunk& operator=(const Chunk&) = delete;
    ~Chunk() { reset(); }

    [[nodiscard]] std::string_view bytes() const;
    void reset();

private:
    BufferPool* pool_ = nullptr;
    std::uint16_t id_ = 0;
    std::size_t size_ = 0;
};

// Somebody who could not be served because every buffer was in use.
class BufferWaiter {
public:
    BufferWaiter(const BufferWaiter&) = delete;
    BufferWaiter& operator=(const BufferWaiter&) = delete;
    virtual void buffer_free() = 0;

protected:
    BufferWaiter() = default;
    virtual ~BufferWaiter() { stop_waiting(); }
    void stop_waiting();

private:
    friend class BufferPool;
    BufferPool* waits_for_ = nullptr;
    BufferWaiter* next_ = nullptr;
};

// The receive buffers of one core, lent to the kernel, which picks one when bytes arrive: an idle
// connection owns none. Owned by the ring; one thread only.
class BufferPool {
public:
    // `count` is a power of two, at most 32768; `size` at most 65535. Null if not, or if the kernel
    // refuses the ring of buffers.
    [[nodiscard]] static std::unique_ptr<BufferPool>
    make(io_uring& ring, std::uint16_t count, std::size_t size);
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;
    ~BufferPool();

    static constexpr std::uint16_t group = 0; // IOSQE_BUFFER_SELECT's buf_group

    [[nodiscard]] std::string_view bytes(std::uint16_t id, std::size_t size) const;
    [[nodiscard]] std::size_t buffer_bytes() const { return size_; }
    // How many are not with the kernel.
    [[nodiscard]] std::size_t in_use() const { return in_use_; }
    [[nodiscard]] std::uint64_t times_exhausted() const { return exhausted_; }

    void taken() { ++in_use_; } // the kernel filled one
    void give_back(std::uint16_t id);

    // `waiter` is called once, when a buffer is free again (now, if one is). Counted as one
    // exhaustion.
    void wait(BufferWaiter& waiter);
    // Whoever was called has had no use for the buffer: it is the next one's turn.
    void pass_on();

private:
    friend class BufferWaiter;
    BufferPool(io_uring& ring, std::uint16_t count, std::size_t size);
    void lend(std::uint16_t id);
    void forget(BufferWaiter& waiter);

    io_uring* ring_;
    io_uring_buf_ring* entries_ = nullptr;
    std::uint16_t count_;
    std::size_t size_;
    char* memory_ = nullptr;
    std::size_t in_use_ = 0;
    std::uint64_t exhausted_ = 0;
    BufferWaiter* first_waiter_ = nullptr;
    BufferWaiter* last_waiter_ = nullptr;
};

} // namespace postern::io
