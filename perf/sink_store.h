#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::perf {

// A message on its way into a file.
struct StoredMessage {
    std::string client;   // what XCLIENT said: a header line, or nothing
    std::string envelope; // header lines: X-Transport, X-Envelope-From, X-Envelope-To
    std::string content;
    bool too_big = false;
};

enum class Stuffed : std::uint8_t { yes, no };

// Writes each message to a file of its own, for tests and demonstrations. The file has a hidden
// name until it is complete. One per core; writing blocks the core, since nothing here is measured.
class MessageStore {
public:
    static constexpr std::size_t content_bytes_max = 256UL * 1024 * 1024;

    MessageStore(std::string directory, unsigned core)
        : directory_(std::move(directory)), core_(core) {}

    static void append(StoredMessage& message, std::string_view content);
    // `stuffed`: the content is as DATA carries it, dots doubled and ended by ".". False: the file
    // could not be written.
    [[nodiscard]] bool write(const StoredMessage& message, Stuffed stuffed);

private:
    std::string directory_;
    unsigned core_;
    unsigned written_ = 0;
};

// Takes doubled dots away (RFC 5321 4.5.2).
[[nodiscard]] std::string without_stuffing(std::string_view content);

} // namespace postern::perf
