#include "gateway/receive/census.h"

#include <functional>

namespace postern::receive {

std::size_t Census::slot(std::string_view client) {
    constexpr std::string_view mapped{"\0\0\0\0\0\0\0\0\0\0\xff\xff", 12};
    const bool ipv4 = client.starts_with(mapped);
    const std::string_view counted = ipv4 ? client : client.substr(0, 8);
    return std::hash<std::string_view>{}(counted) % slots;
}

void Census::add(std::atomic<std::uint32_t>& count, std::uint32_t change) {
    count.store(count.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
}

std::uint64_t sessions_of_all(std::span<const Census* const> cores) {
    std::uint64_t sum = 0;
    for (const Census* core : cores) {
        sum += core->total();
    }
    return sum;
}

std::uint64_t sessions_of_client(std::span<const Census* const> cores, std::size_t slot) {
    std::uint64_t sum = 0;
    for (const Census* core : cores) {
        sum += core->of(slot);
    }
    return sum;
}

} // namespace postern::receive
