#include "gateway/dns/record.h"

#include <algorithm>
#include <array>

namespace postern::dns {
namespace {

std::uint8_t octet(char byte) { return static_cast<std::uint8_t>(byte); }

bool in_host_name(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '_';
}

char lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= label_bytes_max &&
           std::ranges::all_of(label, in_host_name);
}

// Labels of a name as RFC 1035 3.1 has it, joined by dots; the root is empty text. A dot within a
// label becomes a byte that no host name has, or "a\.b" would pass for two labels.
std::optional<std::string> read_labels(std::string_view wire) {
    std::string name;
    while (!wire.empty()) {
        const std::size_t size = octet(wire.front());
        wire.remove_prefix(1);
        if (size == 0) return wire.empty() ? std::optional{name} : std::nullopt;
        if (size > label_bytes_max || size > wire.size()) return std::nullopt;
        if (!name.empty()) name += '.';
        name += wire.substr(0, size);
        std::ranges::replace(name.end() - static_cast<std::ptrdiff_t>(size), name.end(), '.', '?');
        if (name.size() > name_bytes_max) return std::nullopt;
        wire.remove_prefix(size);
    }
    return std::nullopt;
}

} // namespace

std::optional<std::string> host_name(std::string_view text) {
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.empty() || text.size() > name_bytes_max) return std::nullopt;
    std::string name(text);
    std::ranges::transform(name, name.begin(), lower);
    if (gateway::IpAddress::parse(name)) return std::nullopt;
    for (std::string_view rest = name;;) {
        const std::size_t dot = rest.find('.');
        if (!is_label(rest.substr(0, dot))) return std::nullopt;
        if (dot == std::string_view::npos) return name;
        rest.remove_prefix(dot + 1);
    }
}

std::optional<Mx> read_mx(std::string_view data) {
    if (data.size() < 2) return std::nullopt;
    const int preference = octet(data[0]) << 8 | octet(data[1]);
    const auto labels = read_labels(data.substr(2));
    if (!labels) return std::nullopt;
    Mx mx{.preference = static_cast<std::uint16_t>(preference), .host = {}};
    if (labels->empty()) return mx;
    const auto host = host_name(*labels);
    if (!host) return std::nullopt;
    mx.host = *host;
    return mx;
}

bool is_somebodys(const gateway::IpAddress& address) {
    static const std::array nobodys{
        gateway::Network::parse("0.0.0.0/8").value(),
        gateway::Network::parse("224.0.0.0/4").value(),
        gateway::Network::parse("255.255.255.255").value(),
        gateway::Network::parse("::").value(),
        gateway::Network::parse("fe80::/10").value(),
        gateway::Network::parse("ff00::/8").value(),
    };
    return std::ranges::none_of(
        nobodys, [&](const gateway::Network& network) { return network.contains(address); });
}

std::optional<gateway::IpAddress> read_address(std::string_view data) {
    const auto address = gateway::IpAddress::from(data);
    return address && is_somebodys(*address) ? address : std::nullopt;
}

} // namespace postern::dns
