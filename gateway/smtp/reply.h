#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// A reply as a value, and its text on the wire (RFC 5321 4.2, RFC 2034).
namespace postern::smtp {

struct EnhancedCode {
    std::uint16_t status = 0; // 2, 4 or 5; 0: there is none
    std::uint16_t subject = 0;
    std::uint16_t detail = 0;

    [[nodiscard]] constexpr bool present() const { return status != 0; }
    bool operator==(const EnhancedCode&) const = default;
};

enum class After : std::uint8_t { keep_open, close }; // what happens to the connection then

struct Reply {
    int code = 250;
    EnhancedCode enhanced{};
    std::string text; // several lines are separated by '\n'
    After after = After::keep_open;

    bool operator==(const Reply&) const = default;
};

inline constexpr std::size_t reply_line_bytes_max = 512; // RFC 5321 4.5.3.1.5, CRLF included

// Appends the reply as it is sent: one line per line of text, the enhanced code on each. What has
// no place in a reply (control characters) becomes '?', over-long lines are cut.
void append_reply(std::string& out, const Reply& reply);
[[nodiscard]] std::string wire_text(const Reply& reply);

// One line of a reply: "250-text" or, as its last line, "250 text". Cleaned and cut likewise.
void append_reply_line(std::string& out, int code, bool last, std::string_view text);

// "5.7.10" at the start of `text`, followed by a space or the end; none: not present().
struct EnhancedCodeFound {
    EnhancedCode code;
    std::size_t bytes = 0; // including the space behind it
};
[[nodiscard]] EnhancedCodeFound find_enhanced_code(std::string_view text);

[[nodiscard]] constexpr bool is_positive(int code) { return code >= 200 && code < 300; }
[[nodiscard]] constexpr bool is_intermediate(int code) { return code >= 300 && code < 400; }
[[nodiscard]] constexpr bool is_transient(int code) { return code >= 400 && code < 500; }
[[nodiscard]] constexpr bool is_permanent(int code) { return code >= 500 && code < 600; }

} // namespace postern::smtp
