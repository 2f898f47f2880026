#include "policy/pages.h"

#include <sys/mman.h>

#include <cstdlib>

namespace postern::policy {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t huge_from_bytes = std::size_t{8} << 20; // below, huge pages waste too much

std::size_t whole_pages(std::size_t bytes) {
    return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}

} // namespace

Pages::~Pages() {
    if (data_ != nullptr) munmap(data_, bytes_);
}

void Pages::grow(std::size_t bytes) {
    bytes = whole_pages(bytes);
    if (bytes <= bytes_) return;
    void* const grown =
        data_ == nullptr
            ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            : mremap(data_, bytes_, bytes, MREMAP_MAYMOVE);
    if (grown == MAP_FAILED) std::abort();
    data_ = grown;
    bytes_ = bytes;
    // Only advice: without huge pages everything works, slower.
    if (bytes >= huge_from_bytes) madvise(data_, bytes_, MADV_HUGEPAGE);
}

void Pages::shrink(std::size_t bytes) {
    bytes = whole_pages(bytes);
    if (bytes >= bytes_) return;
    if (bytes == 0) {
        munmap(data_, bytes_);
        data_ = nullptr;
    } else if (mremap(data_, bytes_, bytes, 0) == MAP_FAILED) {
        std::abort();
    }
    bytes_ = bytes;
}

} // namespace postern::policy
