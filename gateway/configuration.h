#pragma once

#include "gateway/relay/host_addresses.h"
#include "gateway/settings.h"
#include "policy/mistake.h"
#include "policy/snapshot.h"
#include "ssl/certificate.h"
#include "ssl/trust.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::gateway {

// Everything that one load of postern.toml and all that it names brought. Immutable and shared by
// all cores; the last one to let go frees it off the loops.
struct Configuration {
    Settings settings;
    std::shared_ptr<const policy::Snapshot> policy;
    relay::HostAddresses addresses;
    std::vector<ssl::Certificate> certificates;
    std::optional<ssl::TrustStore> trust; // nothing: unreadable, which is our fault
    std::string tls_print;                // equal when certificates, keys and trust are equal
};

// All or nothing: with any error there is no configuration, and every mistake is named.
struct LoadedConfiguration {
    std::shared_ptr<const Configuration> configuration;
    policy::Mistakes mistakes;      // warnings too
    std::vector<std::string> files; // all that were read or looked for
};

// Reads `path`, the policy, lists, certificates and keys, and resolves host names. Blocks: for the
// loader's thread and for commands. `before`: what names resolved to at the last load.
[[nodiscard]] LoadedConfiguration
load_configuration(const std::string& path, std::uint64_t generation, const Configuration* before);

[[nodiscard]] bool has_listener(const Settings& settings, std::string_view address);

} // namespace postern::gateway
