#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace postern::gateway {

// Names for sessions and messages, unique on this host without asking another core: the moment the
// core started, its number, and a count. One core only.
class Identifiers {
public:
    Identifiers(std::chrono::system_clock::time_point start, unsigned core);

    // "64535e1c0b2a1-0-1f", at most 30 characters.
    [[nodiscard]] std::string next();

private:
    std::string prefix_;
    std::uint64_t count_ = 0;
};

} // namespace postern::gateway
