#pragma once

#include "gateway/smtp/reply.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// Service extensions: what one side offers in its reply to EHLO (RFC 5321 4.1.1.1).
namespace postern::smtp {

enum class Extension : std::uint8_t {
    pipelining,
    size,
    eight_bit_mime,
    enhanced_status_codes,
    chunking,
    smtputf8,
    dsn,
    starttls,
    auth,
    binary_mime,
    xclient,
};

// The attributes of XCLIENT that a peer lists (postfix.org/XCLIENT_README.html).
enum class XclientAttribute : std::uint8_t {
    name,
    addr,
    port,
    proto,
    helo,
    login,
    destaddr,
    destport
};

// A small set, passed by value. The size limit counts only while `size` is in it.
class Extensions {
public:
    constexpr Extensions() = default;

    [[nodiscard]] constexpr bool has(Extension extension) const {
        return (bits_ & bit(extension)) != 0;
    }
    constexpr Extensions& add(Extension extension) {
        bits_ |= bit(extension);
        return *this;
    }
    constexpr Extensions& add_size(std::uint64_t bytes_max) {
        size_max_ = bytes_max;
        return add(Extension::size);
    }
    constexpr Extensions& remove(Extension extension) {
        bits_ &= ~bit(extension);
        return *this;
    }

    // 0: no fixed limit (RFC 1870 4).
    [[nodiscard]] constexpr std::uint64_t size_max() const {
        return has(Extension::size) ? size_max_ : 0;
    }

    [[nodiscard]] constexpr bool has(XclientAttribute attribute) const {
        return has(Extension::xclient) && (xclient_ & bit(attribute)) != 0;
    }
    constexpr Extensions& add(XclientAttribute attribute) {
        xclient_ |= bit(attribute);
        return add(Extension::xclient);
    }

    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

    // What both have; the smaller size limit, where one has a limit.
    friend Extensions common(const Extensions& ours, const Extensions& theirs);
    bool operator==(const Extensions&) const = default;

private:
    template<class Named>
    [[nodiscard]] static constexpr std::uint32_t bit(Named named) {
        return 1U << static_cast<unsigned>(named);
    }

    std::uint32_t bits_ = 0;
    std::uint32_t xclient_ = 0;
    std::uint64_t size_max_ = 0;
};

[[nodiscard]] Extensions common(const Extensions& ours, const Extensions& theirs);

// From the lines of a 250 reply to EHLO: the first names the host, the others are keywords. What is
// not known, or known and malformed, is left out. "AUTH=LOGIN" (an old dialect) counts as AUTH.
[[nodiscard]] Extensions parse_extensions(std::span<const std::string> ehlo_lines);

// The server's reply to EHLO: 250 with one keyword per line, no enhanced codes (RFC 2034 3).
[[nodiscard]] Reply ehlo_reply(std::string_view hostname, const Extensions& offered);

} // namespace postern::smtp
