#pragma once

#include "ssl/x509.h"

#include <string_view>

namespace postern::ssl {

// COMPLIANCE O9: is `host` one of the subject alternative names of `certificate`? Names are
// compared without regard to case and without a trailing dot; one wildcard that is the whole
// left-most label stands for exactly one label (RFC 6125 6.4.3), never directly in front of a
// top-level domain; an address literal ("192.0.2.1", "2001:db8::1", in brackets or not) is compared
// with iPAddress entries only. The common name never counts.
[[nodiscard]] bool name_matches(const CertificateFacts& certificate, std::string_view host);

// The same for one dNSName, for whoever chooses a certificate by SNI.
[[nodiscard]] bool dns_name_matches(std::string_view pattern, std::string_view host);

// True for "192.0.2.1", "[2001:db8::1]", "2001:db8::1": never sent as SNI (RFC 6066 3).
[[nodiscard]] bool is_address_literal(std::string_view host);

} // namespace postern::ssl
