#include "gateway/relay/host_addresses.h"

#include "policy/snapshot.h"

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace postern::relay {

std::vector<io::Endpoint> HostAddresses::ask_system(const std::string& name) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return {};
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{found, &::freeaddrinfo};
    std::vector<io::Endpoint> addresses;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        sockaddr_storage storage{};
        std::memcpy(&storage, at->ai_addr, at->ai_addrlen);
        addresses.push_back(io::Endpoint::from(storage));
    }
    // Resolvers turn the order round; for us the same addresses are the same answer.
    std::ranges::sort(addresses, {}, &io::Endpoint::key);
    return addresses;
}

HostAddresses HostAddresses::resolve(const policy::Snapshot& policy,
                                     const HostAddresses* before,
                                     const Ask& ask) {
    HostAddresses made;
    for (const auto& route : policy.parts().routes) {
        for (const policy::RouteHost& host : route->hosts) {
            if (made.by_host_.contains(host.address)) continue;
            if (const auto literal = io::Endpoint::parse(host.address, 0)) {
                made.by_host_[host.address] = {*literal};
                continue;
            }
            made.has_names_ = true;
            std::vector<io::Endpoint> addresses = ask(host.address);
            if (addresses.empty() && before != nullptr) addresses = before->of(host.address);
            made.by_host_[host.address] = std::move(addresses);
        }
    }
    return made;
}

const std::vector<io::Endpoint>& HostAddresses::of(std::string_view host) const {
    static const std::vector<io::Endpoint> none;
    const auto found = by_host_.find(host);
    return found == by_host_.end() ? none : found->second;
}

} // namespace postern::relay
