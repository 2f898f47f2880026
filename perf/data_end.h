#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern::perf {

// Finds CRLF . CRLF in what follows DATA, cut up anyhow, at the speed of memchr. One object per
// message. Deliberately not the gateway's own scanner: a measuring tool that shares the code it
// measures would share its mistakes.
class DataEnd {
public:
    struct Found {
        std::size_t consumed = 0; // bytes of the chunk that belong to the message
        bool ended = false;
    };
    [[nodiscard]] Found scan(std::string_view chunk);

private:
    static constexpr std::string_view mark = "\r\n.\r\n";

    void step(char byte);

    std::size_t matched_ = 2; // bytes of the mark seen last; a message begins at a line's start
};

} // namespace postern::perf
