#pragma once

#include "gateway/deliver/recorder.h"
#include "gateway/dns/resolver.h"
#include "gateway/io/ring.h"
#include "gateway/policy_in_use.h"
#include "gateway/relay/environment.h"
#include "gateway/settings.h"
#include "gateway/spool/spool.h"

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
};

} // namespace postern::deliver
