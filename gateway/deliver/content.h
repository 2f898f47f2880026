#pragma once

#include "gateway/io/task.h"

#include <cstdint>
#include <expected>
#include <string_view>

namespace postern::deliver {

enum class ContentError : std::uint8_t { unreadable };

// The content of a message as it lies in store: not dot-stuffed, lines end in CRLF. Read by one
// attempt at a time, from the start for each host.
class Content {
public:
    Content() = default;
    Content(const Content&) = delete;
    Content& operator=(const Content&) = delete;
    virtual ~Content() = default;

    // The next read gives the first bytes again.
    virtual void rewind() = 0;
    // Some bytes, valid until the next call of either function; none at the end.
    [[nodiscard]] virtual io::Task<std::expected<std::string_view, ContentError>> next() = 0;
};

} // namespace postern::deliver
