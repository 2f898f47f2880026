#pragma once

#include "policy/demand.h"
#include "ssl/peer.h"

// What a handshake proved, in the policy's terms.
namespace postern::gateway {

[[nodiscard]] policy::TlsVersion version_of(ssl::Version version);

// Of a server that we called: how far its certificate goes. The name counts only in a chain that is
// trusted.
[[nodiscard]] policy::Achieved achieved_by(const ssl::Peer& server);

} // namespace postern::gateway
