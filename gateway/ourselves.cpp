#include "gateway/ourselves.h"

#include "gateway/io/endpoint.h"

#include <ifaddrs.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace postern::gateway {
namespace {

void add(dns::Ourselves& ourselves, std::string_view text) {
    if (const auto network = Network::parse(text)) ourselves.networks.push_back(*network);
}

void add_interfaces(dns::Ourselves& ourselves) {
    for (const std::string_view loopback : {"127.0.0.0/8", "::1"}) {
        add(ourselves, loopback);
    }
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return;
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner{first, ::freeifaddrs};
    for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr) continue;
        const int family = one->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6) continue;
        sockaddr_storage address{};
        std::memcpy(&address,
                    one->ifa_addr,
                    family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
        add(ourselves, io::Endpoint::from(address).address());
    }
}

} // namespace

dns::Ourselves ourselves_of(const Settings& settings) {
    dns::Ourselves ourselves;
    for (const ListenerSettings& listener : settings.listeners) {
        const auto endpoint = IpEndpoint::parse(listener.address);
        const bool is_reached = endpoint && endpoint->port == settings.delivery.port;
        // Where only mail from inside is taken, and at another port, mail for a host of our name
        // goes to another server.
        if (is_reached || listener.direction == Direction::inbound) {
            ourselves.hostname = settings.hostname;
        }
        if (!is_reached) continue;
        const std::string address = endpoint->address.text();
        if (address == "::" || address == "0.0.0.0") {
            add_interfaces(ourselves);
        } else {
            add(ourselves, address);
        }
    }
    return ourselves;
}

std::string resolver_print(const Settings& settings) {
    std::string print = settings.hostname + '\n' + settings.dns.trust_anchor + '\n' +
                        (settings.dns.refuse_bogus ? "refuse " : "");
    for (const IpEndpoint& server : settings.dns.servers) {
        print += server.text() + ' ';
    }
    print += '\n' + std::to_string(settings.delivery.port);
    for (const ListenerSettings& listener : settings.listeners) {
        print += '\n' + listener.address;
        if (listener.direction == Direction::inbound) print += " inbound";
    }
    return print;
}

} // namespace postern::gateway
