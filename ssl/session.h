#pragma once

#include "ssl/peer.h"

#include <memory>
#include <string>

namespace postern::ssl {

// What a client keeps of a connection to resume it later, with what the full handshake had proved
// (COMPLIANCE O18). Got from Engine::session, given to Engine::client; belongs to one core.
struct Session {
    struct Secrets; // the library's, in session.cpp
    struct Release {
        void operator()(Secrets* released) const;
    };

    std::string server_name; // of the engine it came from: no other name resumes it
    ChainVerdict chain = ChainVerdict::none_presented;
    bool name_matched = false;
    std::unique_ptr<Secrets, Release> secrets;
};

} // namespace postern::ssl
