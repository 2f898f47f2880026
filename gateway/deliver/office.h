#pragma once

#include "gateway/deliver/recorder.h"
#include "gateway/dns/resolver.h"
#include "gateway/io/ring.h"
#include "gateway/policy_in_use.h"
#include "gateway/relay/environment.h"
#include "gateway/settings.h"
#include "gateway/spool/spool.h"

#include <chrono>
#include <functional>

namespace postern::deliver {

// What deliveries of one core share: everything outside themselves that they may use. Owned by the
// core, which replaces members when the configuration changes; look a member up after every wait.
// One thread only.
struct Office {
    io::Ring& ring;
    const gateway::Settings* settings; // never null while deliveries run
    gateway::PolicyHolder& policy;
    spool::Spool& spool;
    dns::Resolver* resolver; // null: no name can be looked up, which is our fault
    relay::Environment& hosts;
    Recorder recorder;
    // The wall clock, which a queue goes by: it outlives the process.
    std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
};

} // namespace postern::deliver
