#pragma once

#include "gateway/report/key.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace postern::report {

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
