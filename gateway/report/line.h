#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
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

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

/// Builds one JSON object behind what a string already has:
///
///     Line line(out, now, Level::info, "session_end");
///     line.text(Key::session, id).text(Key::client, client).number(Key::duration_ms, took);
///     line.end();
///
/// Texts may be anything, also what a stranger sent: they are escaped, cut at `text_bytes_max`, and
/// what is not UTF-8 becomes U+FFFD. Empty texts are left out. `end()` is called once and closes
/// the object, without a line feed. Borrows the string until then.
class Line {
public:
    Line(std::string& out, Time time, Level level, std::string_view event);
    /// Without a level: for the trail, which is no matter of levels.
    Line(std::string& out, Time time, std::string_view event);
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    ~Line() = default;

    Line& text(Key key, std::string_view value);
    Line& number(Key key, std::uint64_t value);
    /// An array. Beyond `items_max` a last item says how many more there are: `"+17"`.
    Line& texts(Key key, std::span<const std::string_view> values);
    Line& texts(Key key, std::span<const std::string> values);
    void end();

private:
    void open(Time time);
    void name(Key key);
    template<typename Texts>
    Line& items(Key key, const Texts& values);

    std::string& out_;
};

inline constexpr std::size_t text_bytes_max = 400; // an address has 320 at most, RFC 5321 4.5.3.1
inline constexpr std::size_t items_max = 20;

/// `2026-11-24T08:29:28.123Z`, RFC 3339.
void append_time(std::string& out, Time time);
/// A JSON string with its quotes, as described above.
void append_json(std::string& out, std::string_view text);

} // namespace postern::report
