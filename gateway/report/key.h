#pragma once

#include <cstdint>
#include <string_view>

namespace postern::report {

/// The keys of our log lines. People search for them and dashboards rely on them: a key is never
/// renamed, and means the same on every line.
enum class Key : std::uint8_t {
    time,
    level,
    event,
    session,
    message, // its id
    listener,
    client,
    direction,
    from,
    to,
    settings,
    reported, // settings in report mode that would have refused
    organization,
    demand,
    achieved,
    tls_version,
    tls_cipher,
    tls_cause,
    verdict,
    reply,
    route,
    host,
    duration_ms,
    bytes,
    // Lines that are not about a message
    text,
    cause,
    ending,
    commands,
    messages,
    bytes_out,
    file,
    line,
    column,
    generation,
    count,
    version,
};
[[nodiscard]] std::string_view text(Key key);

enum class Level : std::uint8_t { error, warning, info, debug };
[[nodiscard]] std::string_view text(Level level);

} // namespace postern::report
