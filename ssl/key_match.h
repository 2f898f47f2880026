#pragma once

#include "ssl/x509.h"

#include <string_view>

namespace postern::ssl {

// Whether the private key in `key_pem` is the one of this certificate. The library's own check
// passes any key in some of its builds, so we work out the public half and compare.
[[nodiscard]] bool key_matches(const CertificateFacts& certificate, std::string_view key_pem);

} // namespace postern::ssl
