#pragma once

#include "gateway/io/endpoint.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postern::policy {
class Snapshot;
}

namespace postern::relay {

// Where the hosts of all routes are: each name or address of the policy with what it stands for
// now. Worked out off the loops, then never changed.
class HostAddresses {
public:
    // What a name stands for; empty when nobody can say. May block.
    using Ask = std::function<std::vector<io::Endpoint>(const std::string& name)>;
    [[nodiscard]] static std::vector<io::Endpoint> ask_system(const std::string& name);

    // Asks for every host that is not an address literal. A name that cannot be resolved keeps what
    // `before` knew of it, if there is a `before`.
    [[nodiscard]] static HostAddresses resolve(const policy::Snapshot& policy,
                                               const HostAddresses* before,
                                               const Ask& ask = ask_system);

    // Empty when the name is not (or not yet) known. Ports are 0.
    [[nodiscard]] const std::vector<io::Endpoint>& of(std::string_view host) const;
    // Some host is a name: it should be looked up again now and then.
    [[nodiscard]] bool has_names() const { return has_names_; }
    bool operator==(const HostAddresses&) const = default;

private:
    std::map<std::string, std::vector<io::Endpoint>, std::less<>> by_host_;
    bool has_names_ = false;
};

} // namespace postern::relay
