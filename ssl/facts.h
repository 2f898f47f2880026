#pragma once

#include "ssl/peer.h"

#include <cstdint>
#include <string>
#include <string_view>

struct WOLFSSL;

namespace postern::ssl {

// Asks the library, after the handshake, for version, cipher, group and whether it resumed.
void note_facts(WOLFSSL* ssl, Peer& peer);

// IANA's name of a cipher suite that our settings can lead to; else "unknown".
[[nodiscard]] std::string_view suite_name(std::uint16_t number);

// ASCII only: host names on the wire are A-labels.
[[nodiscard]] std::string lower_case(std::string_view text);

} // namespace postern::ssl
