#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace postern::perf {

// XXH3 of what stands behind the header of a message, as DATA carries it: with doubled dots and the
// final one. Content may come in any pieces. Added up over messages it says whether two sides have
// seen the same bodies, in whatever order.
class BodyHash {
public:
    BodyHash();
    BodyHash(const BodyHash&) = delete;
    BodyHash& operator=(const BodyHash&) = delete;
    ~BodyHash();

    void add(std::string_view content);
    [[nodiscard]] std::uint64_t value() const;
    // For the next message.
    void begin();

private:
    struct State;

    std::unique_ptr<State>
        state_;               // by itself: it wants an alignment that a coroutine's frame has not
    std::size_t matched_ = 0; // of the mark that ends the header; all of it: this is the body
};

} // namespace postern::perf
