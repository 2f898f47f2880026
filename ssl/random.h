#pragma once

#include "ssl/error.h"

#include <cstdint>
#include <expected>
#include <memory>
#include <span>

namespace postern::ssl {

// A generator of random numbers, seeded by the kernel. Belongs to one core.
class Random {
public:
    // Fails with Cause::no_entropy.
    [[nodiscard]] static std::expected<std::unique_ptr<Random>, Error> open();

    Random(const Random&) = delete;
    Random& operator=(const Random&) = delete;
    ~Random();

    [[nodiscard]] bool fill(std::span<std::uint8_t> bytes);

private:
    struct Impl;

    explicit Random(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

} // namespace postern::ssl
