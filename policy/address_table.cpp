#include "policy/address_table.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace postern::policy {
namespace {

__extension__ using Wide = unsigned __int128;

// Both halves of a product, folded: every bit of the input moves every bit of the result.
std::uint64_t folded_product(std::uint64_t left, std::uint64_t right) {
    const Wide product = static_cast<Wide>(left) * right;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

template<typename Word>
std::uint64_t word_at(const char* at) {
    Word word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

// Digits of pi: odd, and no pattern in them.
constexpr std::uint64_t salt_a = 0x243f6a8885a308d3;
constexpr std::uint64_t salt_b = 0x13198a2e03707345;
constexpr std::uint64_t salt_c = 0xa4093822299f31d1;

// The key of a word: without the star of a wildcard. An address may begin like one.
std::string_view key_of(std::string_view word) {
    if (word.starts_with("*.") && !word.contains('@')) word.remove_prefix(1);
    return word;
}

} // namespace

std::uint64_t AddressTable::hash(std::string_view key) {
    const char* at = key.data();
    std::size_t rest = key.size();
    std::uint64_t state = salt_a ^ rest;
    for (; rest > 16; rest -= 16, at += 16)
        state = folded_product(word_at<std::uint64_t>(at) ^ salt_b,
                               word_at<std::uint64_t>(at + 8) ^ state);
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (rest >= 8) { // the two words may overlap: each byte is in one of them
        first = word_at<std::uint64_t>(at);
        last = word_at<std::uint64_t>(at + rest - 8);
    } else if (rest >= 4) {
        first = word_at<std::uint32_t>(at);
        last = word_at<std::uint32_t>(at + rest - 4);
    } else if (rest > 0) {
        first = word_at<std::uint8_t>(at);
        last = (word_at<std::uint8_t>(at + rest / 2) << 8U) | word_at<std::uint8_t>(at + rest - 1);
    }
    return folded_product(folded_product(first ^ salt_b, last ^ state) ^ salt_c, salt_b);
}

void AddressTable::reserve(std::size_t words) {
    const std::size_t wanted = words / load_aimed + 1;
    if (wanted > bucket_count_) rebuild(wanted, arena_used_);
}

std::optional<AddressTable::Staged> AddressTable::stage(std::string_view word) {
    assert(!word.empty());
    const std::size_t end = arena_used_ + word.size() + 1;
    if (end > arena_bytes_max) return std::nullopt;
    if (end > arena_.bytes()) arena_.grow(std::max(end, arena_.bytes() * 2));
    char* const write = static_cast<char*>(arena_.data()) + arena_used_;
    std::memcpy(write, word.data(), word.size());
    write[word.size()] = '\n';
    const std::string_view key = key_of(word);
    const Staged staged{.at = static_cast<std::uint32_t>(arena_used_ + word.size() - key.size()),
                        .bytes = static_cast<std::uint32_t>(key.size()),
                        .hash = hash(key)};
    arena_used_ = end;
    prefetch(staged.hash);
    return staged;
}

AddressTable::Linking AddressTable::link(const Staged& staged) {
    const std::string_view key(arena() + staged.at, staged.bytes);
    if (size_ >= bucket_count_ * load_max) {
        rebuild(std::max<std::size_t>(1, bucket_count_ * 2), word_begin(staged.at));
    }
    if (find(key, staged.hash)) return Linking::present;
    put(staged.at, staged.hash);
    return Linking::added;
}

void AddressTable::put(std::uint32_t at, std::uint64_t hash) {
    std::size_t index = bucket_of(hash);
    while (buckets()[index].used == slots) {
        buckets()[index].spilled = 1;
        if (++index == bucket_count_) index = 0;
    }
    Bucket& bucket = buckets()[index];
    bucket.tags[bucket.used] = tag_of(hash);
    bucket.words[bucket.used] = at;
    ++bucket.used;
    ++size_;
}

// The arena has every word, so the old buckets go before the new ones come: never both at once.
void AddressTable::rebuild(std::size_t bucket_count, std::size_t arena_end) {
    buckets_ = Pages();
    buckets_ = Pages(bucket_count * sizeof(Bucket));
    bucket_count_ = bucket_count;
    size_ = 0;
    for (std::size_t at = 0; at < arena_end;) {
        const void* const end = std::memchr(arena() + at, '\n', arena_end - at);
        assert(end != nullptr);
        const std::string_view word(arena() + at, static_cast<const char*>(end));
        const std::string_view key = key_of(word);
        const std::uint64_t hash_of_key = hash(key);
        if (!find(key, hash_of_key))
            put(static_cast<std::uint32_t>(at + word.size() - key.size()), hash_of_key);
        at += word.size() + 1;
    }
}

// A dot at the front of a key is no sign of a wildcard: an address may begin with one.
std::size_t AddressTable::word_begin(std::uint32_t at) const {
    return at > 0 && arena()[at - 1] == '*' ? at - 1 : at;
}

bool AddressTable::is_at(std::uint32_t at, std::string_view key) const {
    return at + key.size() < arena_used_ && arena()[at + key.size()] == '\n' &&
           std::memcmp(arena() + at, key.data(), key.size()) == 0;
}

std::optional<std::string_view> AddressTable::find(std::string_view key, std::uint64_t hash) const {
    if (size_ == 0) return std::nullopt;
    const std::uint16_t tag = tag_of(hash);
    for (std::size_t index = bucket_of(hash);;) {
        const Bucket& bucket = buckets()[index];
        unsigned equal = 0;
        for (std::size_t slot = 0; slot < slots; ++slot)
            equal |= static_cast<unsigned>(bucket.tags[slot] == tag) << slot;
        for (; equal != 0; equal &= equal - 1) {
            const auto slot = static_cast<std::size_t>(__builtin_ctz(equal));
            const std::uint32_t at = bucket.words[slot];
            if (!is_at(at, key)) continue;
            const std::size_t begin = word_begin(at);
            return std::string_view(arena() + begin, key.size() + (at - begin));
        }
        if (bucket.spilled == 0) return std::nullopt; // the load leaves some bucket not full
        if (++index == bucket_count_) index = 0;
    }
}

void AddressTable::finish() { arena_.shrink(arena_used_); }

} // namespace postern::policy
