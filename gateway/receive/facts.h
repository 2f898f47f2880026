#pragma once

#include "gateway/receive/admission.h"
#include "gateway/receive/listener.h"
#include "gateway/relay/target.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::receive {

// What a session knows about its client and itself. Owned by the session; borrowed by its
// transactions.
struct Facts {
    std::string id;
    std::string_view listener;
    Direction direction = Direction::inbound;
    std::string client; // address
    std::uint16_t client_port = 0;
    std::string local; // address the client connected to
    std::uint16_t local_port = 0;
    std::string helo;
    bool extended = false; // EHLO
    Standing standing;
    std::string_view tls_version; // "1.3"; "" in clear
    std::string_view tls_cipher;
    std::string tls_cause; // why TLS failed, if it was tried

    [[nodiscard]] relay::ClientFacts for_relay() const {
        return {.address = client,
                .port = client_port,
                .local_address = local,
                .local_port = local_port,
                .helo = helo,
                .extended = extended};
    }
};

} // namespace postern::receive
