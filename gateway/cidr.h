#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

// IP addresses and networks as people write them in settings.

namespace postern::gateway {

/// An address without a port. An IPv4 address and the same one mapped into IPv6
/// (`::ffff:192.0.2.1`) are equal: both are IPv4 here.
class IpAddress {
public:
    using Bytes = std::array<std::uint8_t, 16>; // network order, IPv4 mapped

    /// `192.0.2.1` or `2001:db8::1`; no brackets, no zone.
    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
    /// 4 or 16 bytes in network order, as DNS has them; nothing for any other number.
    [[nodiscard]] static std::optional<IpAddress> from(std::string_view bytes);

    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_ipv4() const;
    [[nodiscard]] bool is_loopback() const;
    [[nodiscard]] const Bytes& bytes() const { return bytes_; }

    auto operator<=>(const IpAddress&) const = default;

private:
    friend class Network;
    Bytes bytes_{};
};

/// An address with a port.
struct IpEndpoint {
    IpAddress address;
    std::uint16_t port = 0;

    /// `0.0.0.0:25`, `[::]:25`. Nothing for names, or without a port.
    [[nodiscard]] static std::optional<IpEndpoint> parse(std::string_view text);
    /// The one spelling of it, as `parse` reads it.
    [[nodiscard]] std::string text() const;

    auto operator<=>(const IpEndpoint&) const = default;
};

/// All addresses that begin alike: `10.0.0.0/8`, `2001:db8::/32`. An IPv6 network never contains an
/// IPv4 address, `::/0` neither.
class Network {
public:
    /// An address alone stands for itself. The error says what is wrong with the text.
    [[nodiscard]] static std::expected<Network, std::string> parse(std::string_view text);

    [[nodiscard]] bool contains(const IpAddress& address) const;
    [[nodiscard]] std::string text() const;

    auto operator<=>(const Network&) const = default;

private:
    IpAddress first_;
    unsigned prefix_bits_ = 0; // of the 128, with the 96 of a mapped IPv4 address
};

} // namespace postern::gateway
