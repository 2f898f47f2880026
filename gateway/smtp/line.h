#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// Finds lines in a buffer of received bytes. Pure: it owns nothing and remembers nothing; what it
// returns is a view into the buffer it was given.
namespace postern::smtp {

enum class LineState : std::uint8_t {
    line,      // a whole line is there
    need_more, // nothing wrong so far, but the line has not ended
    too_long,  // the line does not end within its bound: use skip_line
    bare_cr,   // a CR without LF behind it
    bare_lf,   // an LF without CR before it
    nul,       // a NUL byte
};

struct Line {
    LineState state = LineState::need_more;
    std::string_view text; // without CRLF; empty unless state is `line`
    std::size_t consumed =
        0; // bytes of the buffer it took, CRLF included; 0 unless state is `line`
};

// `bytes_max` is the longest line accepted, CRLF included (RFC 5321 4.5.3.1.4). When several things
// are wrong with a line, the one that comes first in it is reported, so that the answer does not
// depend on how the bytes were cut up by the network.
[[nodiscard]] Line find_line(std::string_view buffer, std::size_t bytes_max);

struct Skipped {
    std::size_t consumed = 0;
    bool ended = false; // the LF that ends the line was among them
};

// Throws the rest of a line away that was too long. Call until `ended`.
[[nodiscard]] Skipped skip_line(std::string_view buffer);

} // namespace postern::smtp
