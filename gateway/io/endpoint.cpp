#include "gateway/io/endpoint.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>

namespace postern::io {
namespace {

constexpr std::array<char, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '\xff', '\xff'};

const sockaddr_in& as_v4(const sockaddr_storage& storage) {
    return reinterpret_cast<const sockaddr_in&>(storage);
}
const sockaddr_in6& as_v6(const sockaddr_storage& storage) {
    return reinterpret_cast<const sockaddr_in6&>(storage);
}

} // namespace

std::optional<Endpoint> Endpoint::parse(std::string_view address, std::uint16_t port) {
    if (address.find('\0') != std::string_view::npos) return std::nullopt; // would end it early
    const std::string terminated{address};
    Endpoint endpoint;
    auto& v4 = reinterpret_cast<sockaddr_in&>(endpoint.storage_);
    if (::inet_pton(AF_INET, terminated.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        endpoint.set_key();
        return endpoint;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(endpoint.storage_);
    if (::inet_pton(AF_INET6, terminated.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        endpoint.set_key();
        return endpoint;
    }
    return std::nullopt;
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view address = text.substr(0, colon);
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (problem != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    if (address.starts_with('[') && address.ends_with(']')) {
        address = address.substr(1, address.size() - 2);
        if (address.find(':') == std::string_view::npos) return std::nullopt;
    } else if (address.find(':') != std::string_view::npos) {
        return std::nullopt; // an IPv6 address without brackets: where would its port begin?
    }
    return parse(address, port);
}

Endpoint Endpoint::from(const sockaddr_storage& address) {
    Endpoint endpoint;
    endpoint.storage_ = address;
    endpoint.set_key();
    return endpoint;
}

Endpoint Endpoint::peer_of(int fd) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
    return from(storage);
}

Endpoint Endpoint::local_of(int fd) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
    return from(storage);
}

void Endpoint::set_key() {
    if (storage_.ss_family == AF_INET) {
        std::memcpy(key_, mapped_prefix.data(), mapped_prefix.size());
        std::memcpy(key_ + mapped_prefix.size(), &as_v4(storage_).sin_addr, 4);
    } else if (storage_.ss_family == AF_INET6) {
        std::memcpy(key_, &as_v6(storage_).sin6_addr, sizeof key_);
    }
}

std::string Endpoint::address() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (storage_.ss_family == AF_INET) {
        ::inet_ntop(AF_INET, &as_v4(storage_).sin_addr, text.data(), text.size());
    } else if (storage_.ss_family == AF_INET6) {
        const bool mapped = std::memcmp(key_, mapped_prefix.data(), mapped_prefix.size()) == 0;
        if (mapped) {
            ::inet_ntop(AF_INET, key_ + mapped_prefix.size(), text.data(), text.size());
        } else {
            ::inet_ntop(AF_INET6, &as_v6(storage_).sin6_addr, text.data(), text.size());
        }
    }
    return text.data();
}

std::uint16_t Endpoint::port() const {
    if (storage_.ss_family == AF_INET) return ntohs(as_v4(storage_).sin_port);
    if (storage_.ss_family == AF_INET6) return ntohs(as_v6(storage_).sin6_port);
    return 0;
}

bool Endpoint::is_ipv6() const { return address().find(':') != std::string::npos; }

std::string Endpoint::text() const {
    const std::string host = address();
    const std::string number = std::to_string(port());
    return host.find(':') == std::string::npos ? host + ":" + number : "[" + host + "]:" + number;
}

socklen_t Endpoint::size() const {
    if (storage_.ss_family == AF_INET) return sizeof(sockaddr_in);
    if (storage_.ss_family == AF_INET6) return sizeof(sockaddr_in6);
    return 0;
}

} // namespace postern::io
