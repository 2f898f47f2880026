#pragma once

#include <cstddef>
#include <utility>

namespace postern::policy {

/// Zeroed memory straight from the kernel, in huge pages where it is big, so that a random look-up
/// in gigabytes misses one cache and not the TLB as well. Grows without a copy. Memory never
/// touched is not in use. Running out of memory ends the process.
class Pages {
public:
    Pages() = default;
    explicit Pages(std::size_t bytes) { grow(bytes); }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
    Pages(Pages&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Pages& operator=(Pages&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Pages();

    [[nodiscard]] void* data() const { return data_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    /// Makes it at least so big; what it holds stays, its address may not.
    void grow(std::size_t bytes);
    /// Gives back what lies beyond.
    void shrink(std::size_t bytes);

private:
    void* data_ = nullptr;
    std::size_t bytes_ = 0;
};

} // namespace postern::policy
