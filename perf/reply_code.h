#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace postern::perf {

// Reads replies for their codes alone, without keeping a byte of their text. One per connection.
class ReplyCode {
public:
    // Takes one reply from the front of `bytes`; nothing: it is not complete. 0: not a reply.
    [[nodiscard]] std::optional<int> read(std::string_view& bytes);

private:
    [[nodiscard]] int code() const;

    std::array<char, 4> head_{}; // of the present line
    std::size_t column_ = 0;
};

} // namespace postern::perf
