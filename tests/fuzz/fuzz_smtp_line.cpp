// A line is found in the same place however much of the buffer has arrived, and a plain reader that
// looks at one byte after the other finds the same.
#include "gateway/smtp/line.h"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>

using postern::smtp::find_line;
using postern::smtp::Line;
using postern::smtp::LineState;

namespace {

Line find_line_slowly(std::string_view buffer, std::size_t bytes_max) {
    for (std::size_t i = 0; i < buffer.size() && i < bytes_max; ++i) {
        const bool after_cr = i > 0 && buffer[i - 1] == '\r';
        if (buffer[i] == '\n' && after_cr)
            return {.state = LineState::line, .text = buffer.substr(0, i - 1), .consumed = i + 1};
        if (after_cr) return {.state = LineState::bare_cr, .text = {}, .consumed = 0};
        if (buffer[i] == '\n') return {.state = LineState::bare_lf, .text = {}, .consumed = 0};
        if (buffer[i] == '\0') return {.state = LineState::nul, .text = {}, .consumed = 0};
    }
    return {.state = buffer.size() >= bytes_max ? LineState::too_long : LineState::need_more,
            .text = {},
            .consumed = 0};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 2000) return 0;
    const std::string_view buffer(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t bytes_max = data[0];
    const Line whole = find_line(buffer, bytes_max);
    for (std::size_t length = 0; length <= buffer.size(); ++length) {
        const std::string_view part = buffer.substr(0, length);
        const Line found = find_line(part, bytes_max);
        const Line slow = find_line_slowly(part, bytes_max);
        assert(found.state == slow.state);
        assert(found.text == slow.text);
        assert(found.consumed == slow.consumed);
        if (found.state == LineState::need_more) continue;
        assert(found.state == whole.state);
        assert(found.text == whole.text);
    }
    return 0;
}
