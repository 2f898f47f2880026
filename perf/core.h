#pragma once

#include "gateway/io/ring.h"

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace postern::perf {

// What both programs do around their threads.

// Keeps this thread on one CPU; counts round when there are fewer. False: the system refuses.
[[nodiscard]] bool pin_to_cpu(unsigned cpu);

// The ring of a measuring core: big buffers, since messages may be big.
[[nodiscard]] io::RingSettings ring_settings();

// One full TLS record.
inline constexpr std::size_t scratch_bytes = 16384;

// The text of a file; nothing when it cannot be read.
[[nodiscard]] std::optional<std::string> read_file(const std::string& path);

// SIGINT and SIGTERM, held back from every thread that is started after this was made, and taken
// one by one by whoever waits.
class StopSignals {
public:
    StopSignals();
    // Waits for one; false when the time was up first. No time: waits for ever.
    [[nodiscard]] bool wait(std::optional<io::Duration> bound) const;

private:
    sigset_t signals_{};
};

// As many descriptors as the system lets us have.
void raise_descriptor_limit();

} // namespace postern::perf
