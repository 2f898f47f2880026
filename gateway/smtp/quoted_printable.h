#pragma once

#include <string>
#include <string_view>

// Text beyond ASCII in a message that any host takes (RFC 2045 6.7, RFC 2047).
namespace postern::smtp {

// A body: CRLF stays a line end, lines become at most 76 bytes. A CR or LF alone is a byte like
// others.
void append_quoted_printable(std::string& out, std::string_view body);

// Unstructured header text that is UTF-8: as it is where it is ASCII, else as encoded words, each
// on a line of its own.
void append_unstructured(std::string& out, std::string_view text);

// A body that may stand as it is in 7bit (RFC 2045 2.7): ASCII without NUL, CR and LF only
// together, lines of at most 998 bytes.
[[nodiscard]] bool is_seven_bit(std::string_view body);
// The same with bytes beyond ASCII allowed: 8bit (RFC 2045 2.8).
[[nodiscard]] bool is_eight_bit(std::string_view body);

} // namespace postern::smtp
