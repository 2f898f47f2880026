#include "gateway/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace postern::gateway {
namespace {

constexpr unsigned all_bits = 128;
constexpr unsigned mapped_bits = 96;
constexpr IpAddress::Bytes mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template<typename Number>
std::optional<Number> whole_number(std::string_view text) {
    Number number = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || stopped != text.data() + text.size()) return std::nullopt;
    return number;
}

/// The first `bits` of an address, the others zero.
IpAddress::Bytes beginning_of(IpAddress::Bytes bytes, unsigned bits) {
    for (unsigned index = 0; index < bytes.size(); ++index) {
        const unsigned kept = std::clamp(bits, index * 8, index * 8 + 8) - index * 8;
        bytes.at(index) &= static_cast<std::uint8_t>(0xff00U >> kept);
    }
    return bytes;
}

} // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    const std::string terminated(text);
    if (terminated.find('\0') != std::string::npos)
        return std::nullopt; // inet_pton would stop there
    IpAddress address;
    if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
    address.bytes_ = mapped_prefix;
    if (::inet_pton(AF_INET, terminated.c_str(), &address.bytes_[mapped_bits / 8]) == 1)
        return address;
    return std::nullopt;
}

std::optional<IpAddress> IpAddress::from(std::string_view bytes) {
    IpAddress address;
    if (bytes.size() == 4) {
        address.bytes_ = mapped_prefix;
    } else if (bytes.size() != address.bytes_.size()) {
        return std::nullopt;
    }
    std::ranges::copy_backward(bytes, address.bytes_.end());
    return address;
}

std::string IpAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_ipv4()) {
        ::inet_ntop(AF_INET, &bytes_[mapped_bits / 8], text.data(), text.size());
    } else {
        ::inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
    }
    return text.data();
}

bool IpAddress::is_ipv4() const {
    return std::equal(bytes_.begin(), bytes_.begin() + mapped_bits / 8, mapped_prefix.begin());
}

bool IpAddress::is_loopback() const {
    if (is_ipv4()) return bytes_[mapped_bits / 8] == 127;
    return *this == parse("::1");
}

std::optional<IpEndpoint> IpEndpoint::parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    // Without its brackets an IPv6 address with a port could be read in two ways.
    if (bracketed != host.contains(':')) return std::nullopt;
    const auto address = IpAddress::parse(host);
    const auto port = whole_number<std::uint16_t>(text.substr(colon + 1));
    if (!address || !port) return std::nullopt;
    return IpEndpoint{.address = *address, .port = *port};
}

std::string IpEndpoint::text() const {
    const std::string port_text = ":" + std::to_string(port);
    if (address.is_ipv4()) return address.text() + port_text;
    return "[" + address.text() + "]" + port_text;
}

std::expected<Network, std::string> Network::parse(std::string_view text) {
    const std::string quoted = "\"" + std::string(text) + "\"";
    const std::size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) {
        return std::unexpected(quoted +
                               " is not a network; write \"10.0.0.0/8\" or \"2001:db8::/32\"");
    }
    const unsigned left_out = address->is_ipv4() ? mapped_bits : 0;
    Network network;
    network.prefix_bits_ = all_bits;
    if (slash != std::string_view::npos) {
        const auto bits = whole_number<unsigned>(text.substr(slash + 1));
        if (!bits || *bits > all_bits - left_out) {
            return std::unexpected(quoted + " must have a number from 0 to " +
                                   std::to_string(all_bits - left_out) + " behind the slash");
        }
        network.prefix_bits_ = *bits + left_out;
    }
    network.first_.bytes_ = beginning_of(address->bytes_, network.prefix_bits_);
    if (network.first_ != *address) {
        return std::unexpected(quoted + " has bits set behind its prefix; did you mean \"" +
                               network.text() + "\"?");
    }
    return network;
}

bool Network::contains(const IpAddress& address) const {
    if (first_.is_ipv4() != address.is_ipv4()) return false;
    return beginning_of(address.bytes_, prefix_bits_) == first_.bytes_;
}

std::string Network::text() const {
    const unsigned bits = prefix_bits_ - (first_.is_ipv4() ? mapped_bits : 0);
    return first_.text() + "/" + std::to_string(bits);
}

} // namespace postern::gateway
