#include "gateway/smtp/line_blocks.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace postern::smtp {

namespace {

// The compiler makes of these whatever the machine has: SSE2, AVX2, NEON, or plain words.
using Bytes = unsigned char __attribute__((ext_vector_type(line_block_bytes)));
using Bits = bool __attribute__((ext_vector_type(line_block_bytes)));
using Comparison = decltype(Bytes{} == Bytes{});
static_assert(sizeof(Bits) == sizeof(std::uint64_t));

// Bit i stands for byte i of the block. Inlined, so that each caller's instruction set applies.
[[gnu::always_inline]] inline std::uint64_t where(const Bytes& block, unsigned char byte) {
    const auto equal = block == byte;
    return std::bit_cast<std::uint64_t>(__builtin_convertvector(equal, Bits));
}

[[gnu::always_inline]] inline bool any(const Comparison& comparison) {
    return std::bit_cast<std::uint64_t>(__builtin_convertvector(comparison, Bits)) != 0;
}

// `lf`: where in the block lines end.
[[gnu::always_inline]] inline void
measure(std::uint64_t lf, std::size_t line_bytes_max, LinePosition& position, ContentFacts& facts) {
    std::size_t longest = position.line_bytes + line_block_bytes;
    position.line_bytes = longest;
    if (lf != 0) {
        longest = longest - line_block_bytes + static_cast<std::size_t>(std::countr_zero(lf)) + 1;
        position.line_bytes = static_cast<std::size_t>(std::countl_zero(lf));
    }
    if (longest > line_bytes_max) facts.line_too_long = true;
}

[[gnu::always_inline]] inline std::size_t run(std::string_view text,
                                              std::size_t line_bytes_max,
                                              LinePosition& position,
                                              ContentFacts& facts) {
    std::uint64_t after_cr = position.after_cr ? 1 : 0;
    std::uint64_t line_start = position.line_start ? 1 : 0;
    Bytes seen = 0;          // all blocks, or-ed
    Comparison nul_seen = 0; // not zero where some block had a NUL
    std::size_t at = 0;
    for (; at + line_block_bytes <= text.size(); at += line_block_bytes) {
        Bytes block;
        std::memcpy(&block, text.data() + at, sizeof block);
        const std::uint64_t cr = where(block, '\r');
        const std::uint64_t lf = where(block, '\n');
        const std::uint64_t alone = lf ^ ((cr << 1U) | after_cr);
        const std::uint64_t dots = where(block, '.') & ((lf << 1U) | line_start);
        if ((alone | dots) != 0) break;

        seen |= block;
        nul_seen |= block == static_cast<unsigned char>(0);
        after_cr = cr >> 63U;
        line_start = lf >> 63U;
        facts.lines += static_cast<std::uint64_t>(std::popcount(lf));
        measure(lf, line_bytes_max, position, facts);
    }
    position.after_cr = after_cr != 0;
    position.line_start = line_start != 0;
    facts.bytes += at;
    facts.eight_bit = facts.eight_bit || any(seen >= static_cast<unsigned char>(0x80));
    facts.nul = facts.nul || any(nul_seen);
    return at;
}

std::size_t run_plainly(std::string_view text,
                        std::size_t line_bytes_max,
                        LinePosition& position,
                        ContentFacts& facts) {
    return run(text, line_bytes_max, position, facts);
}

#if defined(__x86_64__)
[[gnu::target("avx2,bmi,bmi2,lzcnt,popcnt")]] std::size_t run_with_avx2(std::string_view text,
                                                                        std::size_t line_bytes_max,
                                                                        LinePosition& position,
                                                                        ContentFacts& facts) {
    return run(text, line_bytes_max, position, facts);
}

#endif

} // namespace

std::size_t run_over_blocks(std::string_view text,
                            std::size_t line_bytes_max,
                            LinePosition& position,
                            ContentFacts& facts) {
    // Lines that begin and end within one block are not measured.
    if (line_bytes_max > 0 && line_bytes_max < line_block_bytes) return 0;
    const std::size_t bound = line_bytes_max > 0 ? line_bytes_max : SIZE_MAX;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("x86-64-v3")) return run_with_avx2(text, bound, position, facts);
#endif
    return run_plainly(text, bound, position, facts);
}

} // namespace postern::smtp
