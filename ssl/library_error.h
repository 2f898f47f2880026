#pragma once

#include "ssl/error.h"

namespace postern::ssl {

// The cause behind one of the library's numbers, as seen by whoever talked to a peer. What is
// unknown is put down to the peer: the bytes were its.
[[nodiscard]] Error error_from_library(int code, bool in_handshake);

} // namespace postern::ssl
