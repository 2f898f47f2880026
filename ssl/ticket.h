#pragma once

#include "ssl/error.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

namespace postern::ssl {

// One key that session tickets are sealed with, and the name a ticket carries to find it again.
struct TicketKey {
    std::array<std::uint8_t, 16> name{};
    std::array<std::uint8_t, 32> secret{};
};

// The keys of session tickets: one that seals, and older ones that still open. An immutable value:
// somebody rotates it every `ticket_key_period` and hands a copy to every core, so that a ticket
// given by one core opens on all, and cores share nothing. A ticket sealed with a key that is gone
// costs its client a full handshake, so a ticket's life is at most `ticket_keys_kept` periods.
class TicketKeys {
public:
    static constexpr std::size_t keys_kept = 3;

    // One fresh key. Fails with Cause::no_entropy.
    [[nodiscard]] static std::expected<TicketKeys, Error> generate();

    // A fresh key in front; the oldest falls off the end.
    [[nodiscard]] std::expected<TicketKeys, Error> rotated() const;

    [[nodiscard]] const TicketKey& sealing() const { return keys_[0]; }

    // Every key that opens, the sealing one first.
    [[nodiscard]] std::span<const TicketKey> opening() const { return {keys_.data(), count_}; }

private:
    TicketKeys() = default;

    std::array<TicketKey, keys_kept> keys_{};
    std::size_t count_ = 0;
};

// How often the keys should be rotated: a ticket works for two to three of these.
inline constexpr std::chrono::hours ticket_key_period{1};

// What clients are told: shorter than any key lives.
inline constexpr std::chrono::seconds ticket_lifetime = 2 * ticket_key_period;

} // namespace postern::ssl
