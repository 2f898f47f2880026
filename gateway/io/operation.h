#pragma once

#include <cstdint>

namespace postern::io {

// What the kernel answers to: one submitted request, or a multishot one with many answers. Its
// address is the request's user_data, so it stays where it is until the last completion has come.
class Operation {
public:
    // `result` is the kernel's: a count, or a negative errno. `flags` are IORING_CQE_F_*.
    virtual void complete(std::int32_t result, std::uint32_t flags) = 0;

protected:
    Operation() = default;
    Operation(const Operation&) = default;
    Operation& operator=(const Operation&) = default;
    ~Operation() = default;
};

} // namespace postern::io
