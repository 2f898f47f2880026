#include "gateway/io/buffer_pool.h"

#include <liburing.h>

#include <sys/mman.h>

#include <cassert>
#include <utility>

namespace postern::io {

Chunk::Chunk(Chunk&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr))
    , id_(other.id_)
    , size_(std::exchange(other.size_, 0)) {}

Chunk& Chunk::operator=(Chunk&& other) noexcept {
    if (this != &other) {
        reset();
        pool_ = std::exchange(other.pool_, nullptr);
        id_ = other.id_;
        size_ = std::exchange(other.size_, 0);
    }
    return *this;
}

std::string_view Chunk::bytes() const {
    if (pool_ == nullptr) return {};
    return pool_->bytes(id_, size_);
}

void Chunk::reset() {
    if (pool_ != nullptr) pool_->give_back(id_);
    pool_ = nullptr;
    size_ = 0;
}

void BufferWaiter::stop_waiting() {
    if (waits_for_ != nullptr) waits_for_->forget(*this);
}

BufferPool::BufferPool(io_uring& ring, std::uint16_t count, std::size_t size)
    : ring_(&ring), count_(count), size_(size) {}

std::unique_ptr<BufferPool>
BufferPool::make(io_uring& ring, std::uint16_t count, std::size_t size) {
    if (size > UINT16_MAX) return nullptr;
    assert((count & (count - 1)) == 0);
    std::unique_ptr<BufferPool> pool{new BufferPool{ring, count, size}};
    // Anonymous memory: pages come into being only when a buffer is first filled.
    void* memory =
        ::mmap(nullptr, count * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    pool->memory_ = static_cast<char*>(memory);
    void* entries = ::mmap(nullptr,
                           count * sizeof(io_uring_buf),
                           PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS,
                           -1,
                           0);
    if (entries == MAP_FAILED) return nullptr;
    pool->entries_ = static_cast<io_uring_buf_ring*>(entries);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(entries);
    registration.ring_entries = count;
    registration.bgid = group;
    if (io_uring_register_buf_ring(&ring, &registration, 0) != 0) return nullptr;
    io_uring_buf_ring_init(pool->entries_);
    for (std::uint16_t id = 0; id < count; ++id) {
        pool->lend(id);
    }
    return pool;
}

BufferPool::~BufferPool() {
    while (first_waiter_ != nullptr) {
        forget(*first_waiter_);
    }
    io_uring_unregister_buf_ring(ring_, group);
    if (entries_ != nullptr) ::munmap(entries_, count_ * sizeof(io_uring_buf));
    if (memory_ != nullptr) ::munmap(memory_, count_ * size_);
}

std::string_view BufferPool::bytes(std::uint16_t id, std::size_t size) const {
    assert(id < count_ && size <= size_);
    return {memory_ + id * size_, size};
}

void BufferPool::lend(std::uint16_t id) {
    io_uring_buf_ring_add(entries_,
                          memory_ + id * size_,
                          static_cast<unsigned>(size_),
                          id,
                          io_uring_buf_ring_mask(count_),
                          0);
    io_uring_buf_ring_advance(entries_, 1);
}

void BufferPool::give_back(std::uint16_t id) {
    assert(in_use_ > 0);
    --in_use_;
    lend(id);
    pass_on();
}

void BufferPool::pass_on() {
    if (first_waiter_ == nullptr || in_use_ == count_) return;
    BufferWaiter& waiter = *first_waiter_;
    forget(waiter);
    waiter.buffer_free();
}

void BufferPool::wait(BufferWaiter& waiter) {
    assert(waiter.waits_for_ == nullptr);
    ++exhausted_;
    waiter.waits_for_ = this;
    waiter.next_ = nullptr;
    (last_waiter_ != nullptr ? last_waiter_->next_ : first_waiter_) = &waiter;
    last_waiter_ = &waiter;
    pass_on(); // one may have come back between the kernel's answer and now
}

void BufferPool::forget(BufferWaiter& waiter) {
    BufferWaiter* before = nullptr;
    for (BufferWaiter* at = first_waiter_; at != nullptr; before = at, at = at->next_) {
        if (at != &waiter) continue;
        (before != nullptr ? before->next_ : first_waiter_) = waiter.next_;
        if (last_waiter_ == &waiter) last_waiter_ = before;
        break;
    }
    waiter.waits_for_ = nullptr;
    waiter.next_ = nullptr;
}

} // namespace postern::io
