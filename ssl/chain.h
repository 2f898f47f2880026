#pragma once

#include "ssl/peer.h"
#include "ssl/trust.h"

#include <span>
#include <string_view>

namespace postern::ssl {

// How many certificates of a peer are looked at; more are as if they had not been sent.
inline constexpr std::size_t chain_certificates_max = 10;

// Where a server's chain leads. `chain`: DER, the server's certificate first, the rest in any
// order.
//
// We look for the path ourselves and let the library check each step of it (signature, dates,
// constraints), instead of having the handshake do it. The library would keep every intermediate as
// an authority in the context it verifies with: also, once a callback overrules it so that an
// opportunistic handshake goes on, the untrusted ones, and whoever comes next would be measured
// against a stranger's CA.
[[nodiscard]] ChainVerdict judge_chain(std::span<const std::string_view> chain,
                                       const TrustStore& trust);

} // namespace postern::ssl
