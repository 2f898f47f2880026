#include "policy/route.h"

#include "policy/domain.h"
#include "policy/sentence.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <utility>

namespace postern::policy {
namespace {

bool is_ipv4(const std::string& text) {
    in_addr address{};
    return text.find('\0') == std::string::npos && inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& text) {
    in6_addr address{};
    return text.find('\0') == std::string::npos && inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

struct HostText {
    std::string_view address;
    std::string_view port; // "": none given
    bool bracketed = false;
    bool well_formed = true;
};

HostText taken_apart(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos)
            return {.address = text, .port = "", .well_formed = false};
        const std::string_view rest = text.substr(end + 1);
        return {.address = text.substr(1, end - 1),
                .port = rest.starts_with(':') ? rest.substr(1) : std::string_view(),
                .bracketed = true,
                .well_formed = rest.empty() || (rest.starts_with(':') && rest.size() > 1)};
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return {.address = text, .port = ""};
    if (text.find(':', colon + 1) != std::string_view::npos) // an IPv6 address without brackets
        return {.address = text, .port = ""};
    return {.address = text.substr(0, colon),
            .port = text.substr(colon + 1),
            .well_formed = colon + 1 < text.size()};
}

} // namespace

std::expected<RouteHost, std::string> route_host_of(std::string_view text) {
    const HostText parts = taken_apart(text);
    const auto no_host = [&] {
        return std::unexpected(sentence(
            {"\"",
             text,
             "\" is no host; use \"host:port\", \"192.0.2.1:25\" or \"[2001:db8::1]:25\""}));
    };
    if (!parts.well_formed) return no_host();

    RouteHost host;
    host.address = parts.address;
    const bool numeric = is_ipv6(host.address) || (!parts.bracketed && is_ipv4(host.address));
    if (!numeric) {
        auto name = canonical_domain(parts.address);
        if (parts.bracketed || !name || name->starts_with('[')) return no_host();
        host.address = std::move(*name);
    }
    if (parts.port.empty()) return host;
    const auto [stop, error] =
        std::from_chars(parts.port.data(), parts.port.data() + parts.port.size(), host.port);
    if (error != std::errc() || stop != parts.port.data() + parts.port.size() || host.port == 0)
        return std::unexpected(
            sentence({"\"", parts.port, "\" is no port; use a number from 1 to 65535"}));
    return host;
}

} // namespace postern::policy
