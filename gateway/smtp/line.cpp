#include "gateway/smtp/line.h"

#include <cstring>

namespace postern::smtp {

namespace {

// Index of `byte` in `text`, or its size.
std::size_t index_of(std::string_view text, char byte) {
    if (text.empty()) return 0;
    const void* found = std::memchr(text.data(), byte, text.size());
    if (found == nullptr) return text.size();
    return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

Line problem(LineState state) { return {.state = state, .text = {}, .consumed = 0}; }

} // namespace

Line find_line(std::string_view buffer, std::size_t bytes_max) {
    const std::string_view window = buffer.substr(0, bytes_max);
    const std::size_t lf = index_of(window, '\n');
    const std::string_view before_lf = window.substr(0, lf);
    const std::size_t cr = index_of(before_lf, '\r');
    const std::size_t nul = index_of(before_lf.substr(0, cr), '\0');
    if (nul < cr) return problem(LineState::nul);

    const bool ended = lf < window.size();
    if (cr == before_lf.size()) {
        if (ended) return problem(LineState::bare_lf);
    } else if (cr + 1 < before_lf.size()) {
        return problem(LineState::bare_cr);
    }
    if (ended) {
        return {.state = LineState::line, .text = window.substr(0, cr), .consumed = lf + 1};
    }
    if (window.size() >= bytes_max) return problem(LineState::too_long);
    return problem(LineState::need_more);
}

Skipped skip_line(std::string_view buffer) {
    const std::size_t lf = index_of(buffer, '\n');
    if (lf == buffer.size()) return {.consumed = lf, .ended = false};
    return {.consumed = lf + 1, .ended = true};
}

} // namespace postern::smtp
