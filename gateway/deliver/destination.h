#pragma once

#include "gateway/io/endpoint.h"
#include "policy/compliance.h"
#include "policy/demand.h"

#include <optional>
#include <string>
#include <vector>

namespace postern::deliver {

// One address of one mail host. The name is what SNI says and the certificate must have.
struct Host {
    io::Endpoint endpoint;
    std::string name;
};

// Hosts in the order in which to try them (RFC 5321 5.1), the addresses of one host one by one, and
// what each connection must prove before MAIL.
struct Way {
    std::vector<Host> hosts; // at least one
    policy::Required required;
    // Why there may be more hosts than these, which DNS did not give now; "": these are all. Then
    // that all of these fell short is not final (COMPLIANCE O14).
    std::string missing{};
};

// Where the recipients of one domain and one demand go.
struct Destination {
    Way way;
    std::optional<Way> alternate; // for mail of which every host fell short (COMPLIANCE O12)
    policy::OnTlsFailure on_tls_failure = policy::OnTlsFailure::bounce;
};

} // namespace postern::deliver
