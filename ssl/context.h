#pragma once

#include "ssl/certificate.h"
#include "ssl/error.h"
#include "ssl/ticket.h"
#include "ssl/trust.h"
#include "ssl/version.h"

#include <cstdint>
#include <expected>
#include <memory>
#include <vector>

namespace postern::ssl {

struct ServerState; // context_state.h, inside this folder
struct ClientState;

// How we answer TLS, the same for all cores. AEAD with forward secrecy only, unless
// `minimum_version` is below 1.2, which adds what those versions had.
struct ServerSettings {
    // At least one. Which of them a client gets: one it can verify; among these one whose names
    // cover the SNI; among these ECDSA before RSA; then the first.
    std::vector<Certificate> certificates;
    Version minimum_version = Version::tls_1_2;
    Version maximum_version = Version::tls_1_3; // lower only to meet a peer that cannot bear 1.3
};

// What one core needs to answer TLS. Made on each core from the same settings, so that cores share
// no counter and no lock; belongs to that core. May be replaced (reload) and destroyed while
// engines made from it live: what these need stays until they are gone. Tickets survive the
// replacement when the new context is given the same keys.
class ServerContext {
public:
    [[nodiscard]] static std::expected<std::unique_ptr<ServerContext>, Error>
    make(const ServerSettings& settings, const TicketKeys& keys);

    ServerContext(const ServerContext&) = delete;
    ServerContext& operator=(const ServerContext&) = delete;
    ~ServerContext();

    // After a rotation. Copies.
    void set_ticket_keys(const TicketKeys& keys);

    [[nodiscard]] ServerState& state() { return *state_; }

private:
    explicit ServerContext(ServerState* state) : state_(state) {}

    ServerState* state_; // shared with the engines by a count that only this core touches
};

// Which sessions a client keeps. Before TLS 1.3 the library takes every answer for consent to
// resume, so that a server which has forgotten the session makes the handshake fail: for measuring
// and tests only.
enum class Resumption : std::uint8_t { tls_1_3, any };

struct ClientSettings {
    Version minimum_version = Version::tls_1_2;
    Version maximum_version = Version::tls_1_3;
    Resumption resumption = Resumption::tls_1_3;
};

// What one core needs to speak TLS to other hosts. As ServerContext: one per core, may be replaced
// at any time. Without a trust store everything works, and every chain is
// ChainVerdict::store_unusable.
class ClientContext {
public:
    [[nodiscard]] static std::expected<std::unique_ptr<ClientContext>, Error>
    make(const ClientSettings& settings, const TrustStore* trust);

    ClientContext(const ClientContext&) = delete;
    ClientContext& operator=(const ClientContext&) = delete;
    ~ClientContext();

    [[nodiscard]] ClientState& state() { return *state_; }

private:
    explicit ClientContext(ClientState* state) : state_(state) {}

    ClientState* state_;
};

} // namespace postern::ssl
