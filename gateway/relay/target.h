#pragma once

#include "gateway/io/endpoint.h"
#include "policy/demand.h"
#include "policy/route.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::relay {

// One server of a route, and how it is spoken to. Equal targets share their conversations.
struct Target {
    io::Endpoint endpoint;
    std::string server_name; // for SNI and for the certificate
    policy::Required required{};
    policy::AnnounceClient announce = policy::AnnounceClient::none;

    // The same text for equal targets.
    [[nodiscard]] std::string key() const {
        return endpoint.text() + '|' + server_name + '|' +
               std::string{policy::text(required.demand)} + '|' +
               std::string{policy::text(required.floor)} + '|' +
               std::to_string(static_cast<int>(announce));
    }
};

// Who the client is, for a next hop that wants to know. Borrowed from the session.
struct ClientFacts {
    std::string_view address;
    std::uint16_t port = 0;
    std::string_view local_address;
    std::uint16_t local_port = 0;
    std::string_view helo;
    bool extended = true;
};

} // namespace postern::relay
