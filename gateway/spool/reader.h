#pragma once

#include "gateway/io/task.h"
#include "gateway/spool/error.h"
#include "gateway/spool/log.h"
#include "gateway/spool/message.h"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace postern::spool {

// Reads the content of a message in hand, piece by piece, each verified. The message and its spool
// outlive the reader, and the message stays in hand as long.
class Reader {
public:
    Reader(Log& log, const Message& message) : log_(log), message_(message) {}

    // The next piece, at most 64 KiB, valid until the next call; "" at the end.
    [[nodiscard]] io::Task<std::expected<std::string_view, Error>> next();

private:
    Log& log_;
    const Message& message_;
    std::size_t piece_ = 0;
    std::string buffer_;
};

} // namespace postern::spool
