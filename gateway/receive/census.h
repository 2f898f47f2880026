#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace postern::receive {

// How many sessions one core has, in all and by client. Written by its core alone, read by every
// core when a client connects: plain loads and stores, no counter is ever shared for writing. A
// count taken while another core admits somebody may be one too low, which a limit can bear.
class Census {
public:
    Census() = default;
    Census(const Census&) = delete;
    Census& operator=(const Census&) = delete;
    ~Census() = default;

    // `client` is io::Endpoint::key(). Of an IPv6 address the first 64 bits count, since that is
    // what one customer gets.
    [[nodiscard]] static std::size_t slot(std::string_view client);

    // One session's place in the counts, from its making to its end.
    class Entry {
    public:
        Entry(Census& census, std::size_t slot) : census_(census), slot_(slot) {
            census.add(census.total_, 1);
            census.add(census.slots_.at(slot), 1);
        }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        ~Entry() {
            census_.add(census_.total_, one_less);
            census_.add(census_.slots_.at(slot_), one_less);
        }
        // The client turns out to be another: a proxy has said who it speaks for.
        void move_to(std::size_t slot) {
            census_.add(census_.slots_.at(slot_), one_less);
            slot_ = slot;
            census_.add(census_.slots_.at(slot_), 1);
        }

    private:
        Census& census_;
        std::size_t slot_;
    };

    [[nodiscard]] std::uint32_t total() const { return total_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint32_t of(std::size_t slot) const {
        return slots_.at(slot).load(std::memory_order_relaxed);
    }

private:
    // Two clients in one slot count as one: with this many slots, rarely.
    static constexpr std::size_t slots = 65536;
    static constexpr std::uint32_t one_less = UINT32_MAX; // unsigned counts wrap round

    static void add(std::atomic<std::uint32_t>& count, std::uint32_t change);

    std::atomic<std::uint32_t> total_ = 0;
    std::array<std::atomic<std::uint32_t>, slots> slots_{};
};

// Over all cores.
[[nodiscard]] std::uint64_t sessions_of_all(std::span<const Census* const> cores);
[[nodiscard]] std::uint64_t sessions_of_client(std::span<const Census* const> cores,
                                               std::size_t slot);

} // namespace postern::receive
