#pragma once

#include "gateway/deliver/schedule.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace postern::deliver {

struct BackOffSettings {
    Pause first = std::chrono::minutes{1}; // after a host's first failure; doubled by each further
    Pause most = std::chrono::hours{1};
    Pause probe =
        std::chrono::minutes{5}; // how long one attempt at a failed host may keep others waiting
    unsigned jitter_percent = 10;
    std::size_t hosts_max = 10000; // remembered; names come from foreign DNS

    bool operator==(const BackOffSettings&) const = default;
};

// Which hosts are left alone because they failed as hosts: no connection, no greeting, no reply. A
// host that waits in this way keeps all messages for it waiting, so that a dead one is tried once
// in a while rather than once a message; the first attempt after the pause goes alone. One success
// forgives everything. Owned by one core, which gives the time. Hosts are named as the caller
// compares them: an address, or a name in lower case.
class BackOff {
public:
    explicit BackOff(const BackOffSettings& settings = {}) : settings_(settings) {}

    // For failures from now on.
    void set(const BackOffSettings& settings) { settings_ = settings; }

    // Asked before an attempt. Nothing: go ahead, and tell how it went; until then others wait, but
    // no longer than `probe`. Else when to ask again.
    [[nodiscard]] std::optional<Time> wait_until(std::string_view host, Time now);

    void failed(std::string_view host, Time now, std::uint64_t random);
    void succeeded(std::string_view host);
    // The clock was set back: its times mean nothing now.
    void forget() { hosts_.clear(); }

    [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }

private:
    struct Host {
        unsigned failures = 0;
        Time usable_at;
    };
    struct Hash {
        using is_transparent = void;
        [[nodiscard]] std::size_t operator()(std::string_view host) const {
            return std::hash<std::string_view>{}(host);
        }
    };

    void make_room();

    BackOffSettings settings_;
    std::unordered_map<std::string, Host, Hash, std::equal_to<>> hosts_;
};

} // namespace postern::deliver
