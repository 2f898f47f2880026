#pragma once

#include "gateway/channel.h"
#include "gateway/io/task.h"
#include "gateway/receive/intake.h"
#include "gateway/smtp/body.h"
#include "gateway/smtp/dots.h"

#include <cstddef>
#include <cstdint>
#include <expected>

namespace postern::receive {

// The bounds of reading one message's content.
struct ContentBounds {
    std::uint64_t message_bytes_max = 0;
    std::size_t text_line_bytes_max = smtp::text_line_bytes_max; // 0: any
    io::Duration wait{0};                                        // for the next bytes
    std::uint64_t rate_min = 0;                                  // bytes a second; 0: any
    io::Duration rate_grace{0};                                  // before the rate counts
};

// Why reading ended before the message did.
enum class ContentError : std::uint8_t {
    bare_line_end, // a bare CR or LF: smuggling. Close
    timed_out,
    too_slow,
    too_big, // so far over the limit that reading it off is not worth it. Close
    lost,
};
[[nodiscard]] std::string_view text(ContentError error);

// Whether a sender keeps up a minimum rate, so that nobody holds a session open with a byte now and
// then. A value.
class RateGuard {
public:
    RateGuard(const ContentBounds& bounds, io::Clock::time_point now)
        : bounds_(bounds), began_(now) {}
    [[nodiscard]] bool too_slow(std::uint64_t bytes, io::Clock::time_point now) const;

private:
    const ContentBounds& bounds_;
    io::Clock::time_point began_;
};

// Reads what follows 354 up to CRLF . CRLF into the intake. On success all was read, and bytes
// behind it are the next commands. A message that breaks a limit is read on and dropped; the intake
// knows.
[[nodiscard]] io::Task<std::expected<smtp::ContentFacts, ContentError>>
read_data(gateway::Channel& channel, Intake& intake, const ContentBounds& bounds);

// Reads the `bytes` of one BDAT chunk; `stuffer` lives as long as the message. The content is
// stuffed on the way: the next hop is always given DATA.
[[nodiscard]] io::Task<std::expected<void, ContentError>> read_chunk(gateway::Channel& channel,
                                                                     Intake& intake,
                                                                     smtp::DotStuffer& stuffer,
                                                                     std::uint64_t bytes,
                                                                     const ContentBounds& bounds);

// Reads a chunk off that nobody wants: what the client sent must not be taken for commands.
[[nodiscard]] io::Task<std::expected<void, ContentError>>
skip_chunk(gateway::Channel& channel, std::uint64_t bytes, const ContentBounds& bounds);

} // namespace postern::receive
