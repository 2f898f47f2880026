#pragma once

#include "gateway/dns/mail_hosts.h"
#include "gateway/settings.h"

namespace postern::gateway {

// Who we are to others, so that mail does not come back to us (RFC 5321 5.1): our name, and the
// addresses of the listeners on the port that mail hosts are asked on. A listener on all addresses
// has those of every interface, as they are now. For the loader's thread.
[[nodiscard]] dns::Ourselves ourselves_of(const Settings& settings);

// Equal when the two would make equal resolvers.
[[nodiscard]] std::string resolver_print(const Settings& settings);

} // namespace postern::gateway
