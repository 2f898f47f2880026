#pragma once

#include "ssl/client_hello.h"
#include "ssl/x509.h"

#include <cstddef>
#include <span>

namespace postern::ssl {

// Which of our certificates answers this client: one that it can verify, so that there is a
// handshake at all; among these one whose names cover what it asked for; among these an ECDSA one
// (a signature costs a tenth of RSA's); then the first. Index into `certificates`, which must not
// be empty.
[[nodiscard]] std::size_t choose_certificate(const ClientHello& hello,
                                             std::span<const CertificateFacts> certificates);

// Whether the client has a signature algorithm and, up to TLS 1.2, a cipher suite for that kind of
// key.
[[nodiscard]] bool can_verify(const ClientHello& hello, KeyType key);

} // namespace postern::ssl
