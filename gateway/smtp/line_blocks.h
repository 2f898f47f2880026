#pragma once

#include "gateway/smtp/body.h"

#include <cstddef>
#include <string_view>

// The quick part of reading content: 64 bytes at a time, as long as nothing in them needs a second
// look.
namespace postern::smtp {

// Where in a line the reading stands.
struct LinePosition {
    bool line_start = true; // the byte before was the LF of a CRLF, or there is none
    bool after_cr = false;  // the byte before was a CR
    std::size_t line_bytes = 0;
};

inline constexpr std::size_t line_block_bytes = 64;

// Runs over whole blocks from the start of `text` and stops before the first in which a CR or LF
// stands alone or a dot begins a line, or at fewer bytes than a block. Returns the bytes run over,
// and has counted them.
[[nodiscard]] std::size_t run_over_blocks(std::string_view text,
                                          std::size_t line_bytes_max,
                                          LinePosition& position,
                                          ContentFacts& facts);

} // namespace postern::smtp
