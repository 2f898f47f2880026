#pragma once

#include "gateway/smtp/path.h"
#include "policy/address.h"
#include "policy/snapshot.h"

#include <string_view>

// Addresses of the envelope, as the policy sees them.
namespace postern::receive {

// Empty for the null path and for one without a domain.
[[nodiscard]] policy::Address address_of(const smtp::Path& path);

// RFC 5321 4.5.1: <Postmaster> without a domain is ours. Makes it the postmaster of our host name,
// if that is one of our domains, or of the first domain we know; false: there is none.
[[nodiscard]] bool
complete_postmaster(smtp::Path& path, const policy::Snapshot& policy, std::string_view hostname);

} // namespace postern::receive
