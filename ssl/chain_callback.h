#pragma once

#include "ssl/peer.h"
#include "ssl/trust.h"

#include <optional>
#include <string>

struct WOLFSSL_X509_STORE_CTX;

namespace postern::ssl {

// What a client wants to know of its server's certificate, and learns during the handshake:
// afterwards the certificate is gone.
struct ChainReport {
    const std::optional<TrustStore>* trust = nullptr;
    std::string server_name;
    ChainVerdict verdict = ChainVerdict::none_presented;
    bool name_matched = false;
};

// The library's verify callback; its user data is a ChainReport. Never refuses.
int take_chain(int accepted, WOLFSSL_X509_STORE_CTX* store);

} // namespace postern::ssl
