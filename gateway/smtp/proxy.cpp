#include "gateway/smtp/proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

namespace postern::smtp {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view signature_v1 = "PROXY ";
constexpr std::string_view signature_v2 = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t line_v1_bytes_max = 107;
constexpr std::size_t fixed_v2_bytes = 16;

ProxyHeader of(ProxyState state) {
    ProxyHeader header;
    header.state = state;
    return header;
}

bool begins_like(std::string_view buffer, std::string_view signature) {
    const std::size_t length = std::min(buffer.size(), signature.size());
    return buffer.substr(0, length) == signature.substr(0, length);
}

// The one spelling of an address given as text; nothing when it is none of that family.
std::optional<std::string> canonical(int family, std::string_view text) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    std::array<char, INET6_ADDRSTRLEN> spelled{};
    if (text.find('\0') != std::string_view::npos) return std::nullopt;
    if (inet_pton(family, std::string(text).c_str(), address.data()) != 1) return std::nullopt;
    if (inet_ntop(family, address.data(), spelled.data(), spelled.size()) == nullptr)
        return std::nullopt;
    return std::string(spelled.data());
}

std::optional<std::uint16_t> port_of(std::string_view text) {
    std::uint16_t port = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool leading_zero = text.size() > 1 && text.front() == '0';
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || leading_zero)
        return std::nullopt;
    return port;
}

std::string_view take_word(std::string_view& text) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    return word;
}

ProxyHeader read_v1(std::string_view buffer) {
    const std::string_view window = buffer.substr(0, line_v1_bytes_max);
    const std::size_t end = window.find('\n');
    if (end == std::string_view::npos)
        return of(window.size() == line_v1_bytes_max ? ProxyState::error : ProxyState::need_more);
    if (window[end - 1] != '\r') return of(ProxyState::error);

    std::string_view rest = window.substr(signature_v1.size(), end - 1 - signature_v1.size());
    const std::string_view protocol = take_word(rest);
    ProxyHeader header;
    header.consumed = end + 1;
    if (protocol == "UNKNOWN") { // what follows is to be ignored
        header.state = ProxyState::local;
        return header;
    }
    if (protocol != "TCP4" && protocol != "TCP6") return of(ProxyState::error);
    const int family = protocol == "TCP4" ? AF_INET : AF_INET6;
    const auto source = canonical(family, take_word(rest));
    const auto destination = canonical(family, take_word(rest));
    const auto source_port = port_of(take_word(rest));
    const auto destination_port = port_of(rest);
    if (!source || !destination || !source_port || !destination_port) return of(ProxyState::error);
    header.state = ProxyState::proxied;
    header.source = {.address = *source, .port = *source_port};
    header.destination = {.address = *destination, .port = *destination_port};
    return header;
}

unsigned byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

std::uint16_t number_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint16_t>(byte_at(bytes, at) << 8U | byte_at(bytes, at + 1));
}

std::string address_at(int family, std::string_view bytes, std::size_t at) {
    std::array<char, INET6_ADDRSTRLEN> spelled{};
    const char* const text = inet_ntop(family, bytes.data() + at, spelled.data(), spelled.size());
    return text == nullptr ? std::string() : std::string(text);
}

ProxyHeader read_v2(std::string_view buffer) {
    if (buffer.size() < fixed_v2_bytes) return of(ProxyState::need_more);
    const unsigned version_and_command = byte_at(buffer, 12);
    const unsigned family_and_transport = byte_at(buffer, 13);
    const std::size_t length = number_at(buffer, 14);
    const unsigned command = version_and_command & 0x0FU;
    if (version_and_command >> 4U != 2 || command > 1) return of(ProxyState::error);
    if (fixed_v2_bytes + length > proxy_header_bytes_max) return of(ProxyState::error);
    if (buffer.size() < fixed_v2_bytes + length) return of(ProxyState::need_more);

    ProxyHeader header;
    header.consumed = fixed_v2_bytes + length;
    header.state = ProxyState::local;
    const bool ipv4 = family_and_transport == 0x11U;
    const bool ipv6 = family_and_transport == 0x21U;
    // LOCAL, or a family that cannot have carried this connection: the real addresses stay.
    if (command == 0 || (!ipv4 && !ipv6)) return header;
    const std::size_t address_bytes = ipv4 ? 4 : 16;
    if (length < 2 * address_bytes + 4) return of(ProxyState::error);
    const std::string_view body = buffer.substr(fixed_v2_bytes, length);
    const int family = ipv4 ? AF_INET : AF_INET6;
    header.source = {.address = address_at(family, body, 0),
                     .port = number_at(body, 2 * address_bytes)};
    header.destination = {.address = address_at(family, body, address_bytes),
                          .port = number_at(body, 2 * address_bytes + 2)};
    header.state = ProxyState::proxied;
    return header;
}

} // namespace

ProxyHeader read_proxy_header(std::string_view buffer) {
    if (begins_like(buffer, signature_v1)) {
        if (buffer.size() < signature_v1.size()) return of(ProxyState::need_more);
        return read_v1(buffer);
    }
    if (begins_like(buffer, signature_v2)) {
        if (buffer.size() < signature_v2.size()) return of(ProxyState::need_more);
        return read_v2(buffer);
    }
    return of(ProxyState::error);
}

void append_proxy_header(std::string& out,
                         const ProxyEndpoint& source,
                         const ProxyEndpoint& destination) {
    for (const int family : {AF_INET, AF_INET6}) {
        const auto from = canonical(family, source.address);
        const auto to = canonical(family, destination.address);
        if (!from || !to) continue;
        out += family == AF_INET ? "PROXY TCP4 " : "PROXY TCP6 ";
        out += *from + ' ' + *to + ' ';
        out += std::to_string(source.port) + ' ' + std::to_string(destination.port) + "\r\n";
        return;
    }
    out += "PROXY UNKNOWN\r\n";
}

} // namespace postern::smtp
