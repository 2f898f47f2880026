#pragma once

#include "gateway/io/ring.h"
#include "ssl/context.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

namespace postern::relay {

class Conversation;

// How long a next hop may take, and how many conversations it is given.
struct Bounds {
    io::Duration connect = std::chrono::seconds{10};
    io::Duration command = std::chrono::minutes{5};    // RFC 5321 4.5.3.2.2, greeting included
    io::Duration handshake = std::chrono::minutes{1};  // all of it
    io::Duration data_block = std::chrono::minutes{3}; // RFC 5321 4.5.3.2.5
    io::Duration data_end = std::chrono::minutes{10};  // RFC 5321 4.5.3.2.6
    io::Duration idle = std::chrono::seconds{60};      // a conversation nobody uses is ended
    io::Duration age = std::chrono::minutes{10};       // and one that has lived for this long
    io::Duration free_wait = std::chrono::seconds{30}; // for a conversation when all are in use
    std::size_t conversations_max = 1000;              // with one host, of one core
};

// What the relay did; the core adds it to its counters.
struct Counts {
    std::uint64_t opened = 0;
    std::uint64_t reused = 0;
    std::uint64_t failed = 0;
    std::uint64_t active = 0; // conversations open now, idle ones included
    std::uint64_t idle = 0;
};

// What every conversation with a next hop on one core needs. Owned by the core, which replaces
// single members when settings change; one thread only.
struct Environment {
    io::Ring& ring;
    std::string hostname;              // said in EHLO
    ssl::ClientContext* tls = nullptr; // null: our TLS is unusable, which is our fault
    Bounds bounds;
    Counts counts;
    std::set<Conversation*> conversations{}; // all there are; they come and go by themselves
    bool cutting = false;                    // no new ones

    // Ends whatever conversations wait for, with a failure; there will be no others.
    void cut();
};

} // namespace postern::relay
