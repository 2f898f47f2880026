#pragma once

#include <cstdint>
#include <string_view>

namespace postern::io {

// Why an operation did not do what was asked. The kernel's many codes are mapped to what a
// conversation can react to; `other` is everything else.
enum class Error : std::uint8_t {
    closed,      // the peer ended its side in order
    reset,       // the connection broke: ECONNRESET, EPIPE, ETIMEDOUT
    timed_out,   // the wait given by the caller is over
    cancelled,   // we ended it: stop() or cancel()
    refused,     // connect: nobody listens there
    unreachable, // connect: no way there
    exhausted,   // descriptors, memory or buffers ran out
    other,
};

[[nodiscard]] std::string_view text(Error error);

// `code` is an errno value, positive.
[[nodiscard]] Error error_from_errno(int code);

} // namespace postern::io
