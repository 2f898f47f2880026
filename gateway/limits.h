#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

// Every bound on what the outside world may make us do, in one table. Each member is the key of the
// same name in [limits] or [timeouts] of postern.toml, and holds what counts without it.

namespace postern::gateway {

/// Reaching one of these is an answer to the peer, never a surprise.
struct Limits {
    // A message
    std::uint64_t message_size = std::uint64_t{50} << 20U; // bytes; what EHLO says after SIZE
    std::size_t header_section = std::size_t{256} << 10U;  // bytes, held until the From: is known
    std::size_t text_line = 1000;       // bytes with CRLF, RFC 5321 4.5.3.1.6; 0: any
    std::uint32_t recipients = 1000;    // of one transaction; RFC 5321 4.5.3.1.8 wants 100
    std::uint32_t received_fields = 50; // more is a loop, RFC 5321 6.3
    std::uint64_t data_rate = 100;      // bytes a second at least, over the whole message; 0: any

    // A session
    std::uint32_t errors = 20;     // replies 5xx to commands; then 421
    std::uint32_t commands = 5000; // more than 1,000 recipients need, several times over

    // The host
    std::uint64_t sessions = 100000;
    std::uint64_t sessions_per_client = 200;                 // of one address; IPv6: of one /64
    std::uint64_t memory_per_core = std::uint64_t{2} << 30U; // bytes of sessions; then 421
    std::uint32_t next_hop_connections = 1000;               // of one core to one host

    bool operator==(const Limits&) const = default;
};

/// How long we wait, each time anew.
struct Timeouts {
    using Wait = std::chrono::milliseconds;

    // For a client
    Wait command = std::chrono::minutes{5};          // its next command, RFC 5321 4.5.3.2.7
    Wait data_block = std::chrono::minutes{3};       // more of its message, RFC 5321 4.5.3.2.5
    Wait data_rate_grace = std::chrono::seconds{60}; // before limits.data_rate counts
    Wait send = std::chrono::minutes{5};             // until it takes our reply
    Wait tls_handshake = std::chrono::seconds{30};   // all of it
    Wait proxy_header = std::chrono::seconds{5};     // of a proxy, which has it at hand

    // For a next hop
    Wait next_hop_connect = std::chrono::seconds{10};
    Wait next_hop_command = std::chrono::minutes{5};    // RFC 5321 4.5.3.2.1 to 3
    Wait next_hop_data_block = std::chrono::minutes{3}; // RFC 5321 4.5.3.2.5
    Wait next_hop_data_end = std::chrono::minutes{10};  // RFC 5321 4.5.3.2.6
    Wait next_hop_wait = std::chrono::seconds{30};      // for a connection when all are in use
    Wait next_hop_idle = std::chrono::seconds{60};      // then an unused connection is closed
    Wait next_hop_age = std::chrono::minutes{10};       // then a connection is used no more

    bool operator==(const Timeouts&) const = default;
};

/// RFC 5321 4.5.3.1.4, CRLF included. Extensions that a session offers add to it, see
/// gateway/smtp/command.h.
inline constexpr std::size_t command_line_bytes_max = 512;

} // namespace postern::gateway
