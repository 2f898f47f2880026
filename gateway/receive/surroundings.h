#pragma once

#include "gateway/identifiers.h"
#include "gateway/io/ring.h"
#include "gateway/policy_in_use.h"
#include "gateway/receive/census.h"
#include "gateway/receive/recorder.h"
#include "gateway/relay/pool.h"
#include "gateway/settings.h"
#include "gateway/spool/spool.h"
#include "ssl/context.h"

#include <cstdint>
#include <memory>
#include <span>

namespace postern::receive {

// What the sessions of one core share: everything outside themselves that they may use. Owned by
// the core, which replaces members when the configuration changes, never in the middle of a turn;
// look a member up after every wait. One thread only.
struct Surroundings {
    io::Ring& ring;
    const gateway::Settings* settings; // never null
    gateway::PolicyHolder& policy;
    std::unique_ptr<ssl::ServerContext> server_tls; // null: our certificate is unusable (I1)
    relay::Pool& relay;
    Recorder recorder;
    gateway::Identifiers identifiers;
    Census& census;
    std::span<const Census* const> all_cores;
    spool::Spool* spool = nullptr; // null: mail to outside cannot be taken
    bool short_of_memory = false; // the process has more than limits.memory_per_core allows
};

} // namespace postern::receive
