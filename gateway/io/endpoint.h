#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::io {

// An IPv4 or IPv6 address with a port: where to connect, where to listen, who is there.
class Endpoint {
public:
    Endpoint() = default;

    // "192.0.2.1:25" or "[2001:db8::1]:25"; nothing when the text is neither.
    [[nodiscard]] static std::optional<Endpoint> parse(std::string_view text);
    [[nodiscard]] static std::optional<Endpoint> parse(std::string_view address,
                                                       std::uint16_t port);
    [[nodiscard]] static Endpoint from(const sockaddr_storage& address);
    // Of a connected socket; an empty endpoint when it is not connected (any more).
    [[nodiscard]] static Endpoint peer_of(int fd);
    [[nodiscard]] static Endpoint local_of(int fd);

    // "192.0.2.1", "2001:db8::1"; an IPv4-mapped IPv6 address is written as IPv4.
    [[nodiscard]] std::string address() const;
    [[nodiscard]] std::uint16_t port() const;
    // As parse() reads it.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_ipv6() const;
    // The address as 16 bytes, IPv4 mapped: equal addresses are equal here.
    [[nodiscard]] std::string_view key() const { return {key_, sizeof key_}; }

    bool operator==(const Endpoint& other) const {
        return key() == other.key() && port() == other.port();
    }

    [[nodiscard]] int family() const { return storage_.ss_family; }
    [[nodiscard]] const sockaddr* data() const {
        return reinterpret_cast<const sockaddr*>(&storage_);
    }
    [[nodiscard]] socklen_t size() const;

private:
    void set_key();

    sockaddr_storage storage_{};
    char key_[16] = {};
};

} // namespace postern::io
