#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>

#include "perf/histogram.h"

namespace postern::perf {

struct LoadSettings;

// How a message, or the connection meant to carry it, came to nothing.
enum class LoadFailure : std::uint8_t { connect, hello, tls, broken, timed_out, never_sent };
inline constexpr std::size_t load_failures = 6;

[[nodiscard]] std::string_view text(LoadFailure failure);

// What one core saw, or all of them together.
struct LoadResult {
    // Of the measured part.
    std::uint64_t messages = 0; // replied to, whatever the reply
    std::uint64_t bytes = 0;    // of their content
    std::uint64_t connections = 0;
    std::uint64_t handshakes = 0;
    std::uint64_t resumed = 0; // of the handshakes
    std::array<std::uint64_t, 1000> codes{};
    Histogram latency; // microseconds
    double seconds = 0;
    std::set<std::string> tls; // each kind of TLS that a handshake came to: version, cipher, group
    // Of everything, the warm-up too.
    std::uint64_t unexpected = 0;  // replies other than the right one
    std::uint64_t bodies_hash = 0; // of what was accepted, added up: see BodyHash
    std::array<std::uint64_t, load_failures> failures{};
    std::uint64_t idle_held = 0;

    void fail(LoadFailure failure) { ++failures[static_cast<std::size_t>(failure)]; }
    [[nodiscard]] std::uint64_t failed() const;
    void add(const LoadResult& core);
};

// True when there was something to count and every reply was the right one.
[[nodiscard]] bool good(const LoadResult& result, const LoadSettings& settings);

[[nodiscard]] std::string as_table(const LoadResult& result, const LoadSettings& settings);
[[nodiscard]] std::string as_json(const LoadResult& result, const LoadSettings& settings);

} // namespace postern::perf
