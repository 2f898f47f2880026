#include "ssl/name_match.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace postern::ssl {

namespace {

constexpr std::size_t name_bytes_max = 253; // RFC 1035 2.3.4, without the trailing dot

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view one, std::string_view other) {
    return std::ranges::equal(one, other, {}, lower, lower);
}

std::string_view without_final_dot(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return name;
}

// The octets of an address literal in network order, as iPAddress has them (RFC 5280 4.2.1.6).
std::optional<std::string> octets_of(std::string_view host) {
    if (host.size() >= 2 && host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    if (host.empty() || host.size() >= INET6_ADDRSTRLEN) return std::nullopt;
    std::array<char, INET6_ADDRSTRLEN> text{};
    std::ranges::copy(host, text.begin());
    std::array<char, 16> octets{};
    if (inet_pton(AF_INET, text.data(), octets.data()) == 1) return std::string(octets.data(), 4);
    if (inet_pton(AF_INET6, text.data(), octets.data()) == 1) return std::string(octets.data(), 16);
    return std::nullopt;
}

} // namespace

bool dns_name_matches(std::string_view pattern, std::string_view host) {
    pattern = without_final_dot(pattern);
    host = without_final_dot(host);
    if (host.empty() || host.size() > name_bytes_max || host.starts_with('.')) return false;
    if (!pattern.starts_with("*.")) return !pattern.contains('*') && same(pattern, host);

    const auto suffix = pattern.substr(1); // ".example.com"
    // "*.com" would stand for half the world.
    if (suffix.contains('*') || suffix.find('.', 1) == std::string_view::npos) return false;
    const auto first_dot = host.find('.');
    return first_dot != std::string_view::npos && same(suffix, host.substr(first_dot));
}

bool name_matches(const CertificateFacts& certificate, std::string_view host) {
    if (const auto octets = octets_of(host)) {
        return std::ranges::find(certificate.addresses, *octets) != certificate.addresses.end();
    }
    return std::ranges::any_of(certificate.names, [host](const std::string& name) {
        return dns_name_matches(name, host);
    });
}

bool is_address_literal(std::string_view host) { return octets_of(host).has_value(); }

} // namespace postern::ssl
