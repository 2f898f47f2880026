#pragma once

#include "gateway/smtp/reply.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::smtp {

// A peer's reply as it came.
struct ParsedReply {
    int code = 0;
    std::vector<std::string>
        lines; // text behind the code and its separator, enhanced code included

    // From the first line; absent when its class contradicts the code (RFC 2034 4).
    [[nodiscard]] EnhancedCode enhanced() const;
    // Appends the reply unchanged, nothing put before it (COMPLIANCE I16). Only control characters,
    // which have no place in a reply, become '?', and a line is cut to 512 bytes.
    void append_to(std::string& out) const;
    // For the log: lines joined by a space.
    [[nodiscard]] std::string text() const;
    // The same as a value that can be changed before it is sent.
    [[nodiscard]] Reply as_reply() const;
};

enum class ReplyState : std::uint8_t {
    need_more,
    complete,  // take() has the reply
    malformed, // not a reply, codes that differ between its lines, or a NUL: close the connection
    too_big,   // a line over 2,048 bytes, or more than 200 lines
};

struct ReplyFed {
    std::size_t consumed = 0; // bytes belonging to this reply; the rest belongs to the next one
    ReplyState state = ReplyState::need_more;
};

// Reads one reply after the other from what a next hop sends, cut up anyhow. Lives in the one
// conversation it reads; feed until `complete`, then take, and go on with what was not consumed.
// Once malformed or too_big it stays so. Forgiving where it is safe: a line may end in a bare LF,
// "250" alone is a line, and lines may be longer than 512 bytes.
class ReplyReader {
public:
    [[nodiscard]] ReplyFed feed(std::string_view bytes);
    [[nodiscard]] ParsedReply take();
    // Nothing of a reply has been read: at this point a byte received is a reply nobody asked for.
    [[nodiscard]] bool empty() const { return line_.empty() && reply_.lines.empty(); }

private:
    [[nodiscard]] ReplyState line_ended();

    std::string line_; // begun, its end not yet seen
    ParsedReply reply_;
    ReplyState state_ = ReplyState::need_more;
};

inline constexpr std::size_t peer_reply_line_bytes_max = 2048;
inline constexpr std::size_t peer_reply_lines_max = 200;

} // namespace postern::smtp
