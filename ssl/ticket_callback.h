#pragma once

struct WOLFSSL_CTX;

namespace postern::ssl {

struct ServerState;

// Lets tickets of this context be sealed and opened with the keys of `state`, which must outlive
// every handshake of the context. Keys may be exchanged at any time.
void seal_tickets_with(WOLFSSL_CTX* context, ServerState& state);

} // namespace postern::ssl
