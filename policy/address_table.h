#pragma once

#include "policy/pages.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::policy {

/// A set of words, all of them in one arena of text, found through open addressing in buckets of
/// one cache line. Words are never taken out. Equality is exact; the hash only leads there. A word
/// `*.example.com` is found by the key `.example.com`, all others by themselves.
class AddressTable {
public:
    static constexpr std::size_t arena_bytes_max = 0xffff'ffff; // offsets have 32 bits

    /// A word that is in the arena and not in the set yet. Between `stage` and `link` its bucket
    /// travels to the cache, so stage some words ahead.
    struct Staged {
        std::uint32_t at = 0;
        std::uint32_t bytes = 0;
        std::uint64_t hash = 0;
    };

    /// Makes room for so many words; a guess that is wrong only costs time.
    void reserve(std::size_t words);

    /// Nothing when the arena is full. The word may not contain a line feed or be empty.
    [[nodiscard]] std::optional<Staged> stage(std::string_view word);

    enum class Linking : std::uint8_t { added, present };
    /// In the order of staging.
    [[nodiscard]] Linking link(const Staged& staged);

    [[nodiscard]] std::string_view key(const Staged& staged) const {
        return {arena() + staged.at, staged.bytes};
    }

    /// Gives back memory that was reserved in vain.
    void finish();

    [[nodiscard]] static std::uint64_t hash(std::string_view key);

    /// Starts fetching the bucket of a key.
    void prefetch(std::uint64_t hash) const {
        if (bucket_count_ != 0) __builtin_prefetch(buckets() + bucket_of(hash));
    }
    /// The word of a key, as long as the table lives.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view key,
                                                       std::uint64_t hash) const;

    [[nodiscard]] std::size_t size() const { return size_; }
    /// Of memory in use.
    [[nodiscard]] std::size_t bytes() const { return buckets_.bytes() + arena_.bytes(); }

private:
    static constexpr std::size_t slots = 10;
    /// A slot is empty while its tag is 0. Once a word had to go on to the next bucket, `spilled`
    /// says that a search has to go on as well.
    struct alignas(64) Bucket {
        std::array<std::uint16_t, slots> tags;
        std::uint16_t used;
        std::uint16_t spilled;
        std::array<std::uint32_t, slots> words; // where in the arena the key begins
    };
    static_assert(sizeof(Bucket) == 64);
    static constexpr std::size_t load_max = 8;   // words a bucket, on average, before it grows
    static constexpr std::size_t load_aimed = 7; // by `reserve`

    [[nodiscard]] Bucket* buckets() const { return static_cast<Bucket*>(buckets_.data()); }
    [[nodiscard]] const char* arena() const { return static_cast<const char*>(arena_.data()); }
    [[nodiscard]] std::size_t bucket_of(std::uint64_t hash) const {
        return static_cast<std::size_t>(((hash >> 32) * bucket_count_) >> 32);
    }
    [[nodiscard]] static std::uint16_t tag_of(std::uint64_t hash) {
        return static_cast<std::uint16_t>((hash & 0xffff) == 0 ? 1 : hash & 0xffff);
    }
    /// Where the word begins whose key is there: before a wildcard's is its star, before any
    /// other's a line feed or nothing.
    [[nodiscard]] std::size_t word_begin(std::uint32_t at) const;
    [[nodiscard]] bool is_at(std::uint32_t at, std::string_view key) const;
    void put(std::uint32_t at, std::uint64_t hash);
    void rebuild(std::size_t bucket_count, std::size_t arena_end);

    Pages buckets_;
    Pages arena_; // each word and a line feed, one behind the other
    std::size_t bucket_count_ = 0;
    std::size_t arena_used_ = 0;
    std::size_t size_ = 0;
};

} // namespace postern::policy
