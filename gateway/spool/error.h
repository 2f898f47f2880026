#pragma once

#include <cstdint>
#include <string_view>

namespace postern::spool {

// Why the spool did not do what was asked. Nothing that was committed is lost by any of them.
enum class Error : std::uint8_t {
    full,    // no space left: 452 4.3.1 to a client; works again when there is space
    failed,  // the kernel could not read or write: 452 4.3.0; tried anew with the next call
    damaged, // what was read is not what was written; set_aside() the message
    too_big, // an envelope beyond record_payload_bytes_max
    stopped, // stop() was called
};

[[nodiscard]] std::string_view text(Error error);

} // namespace postern::spool
