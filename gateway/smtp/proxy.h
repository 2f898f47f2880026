#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The PROXY protocol, versions 1 and 2 (haproxy.org/download/2.9/doc/proxy-protocol.txt).
namespace postern::smtp {

struct ProxyEndpoint {
    std::string address; // 192.0.2.1 or 2001:db8::1
    std::uint16_t port = 0;
    bool operator==(const ProxyEndpoint&) const = default;
};

enum class ProxyState : std::uint8_t {
    need_more,
    proxied, // source and destination are known
    local,   // the proxy speaks for itself, or does not know: keep the connection's own addresses
    error,   // not a PROXY header, or one that says nothing sensible: close
};

struct ProxyHeader {
    ProxyState state = ProxyState::need_more;
    std::size_t consumed = 0; // bytes of the buffer it took, when proxied or local
    ProxyEndpoint source;
    ProxyEndpoint destination;
    bool operator==(const ProxyHeader&) const = default;
};

inline constexpr std::size_t proxy_header_bytes_max = 2048;

// Call again with more bytes in the same buffer while it says need_more.
[[nodiscard]] ProxyHeader read_proxy_header(std::string_view buffer);

// Version 1, as told to a next hop. Both addresses must be of one family, else "PROXY UNKNOWN".
void append_proxy_header(std::string& out,
                         const ProxyEndpoint& source,
                         const ProxyEndpoint& destination);

} // namespace postern::smtp
