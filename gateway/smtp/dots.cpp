#include "gateway/smtp/dots.h"

#include "gateway/smtp/line_blocks.h"

#include <algorithm>

namespace postern::smtp {

DataState DotStuffer::stuff(std::string_view chunk, std::string& out) {
    std::size_t at = 0;
    while (at < chunk.size() && state_ == DataState::more) {
        at += run(chunk.substr(at), out);
        const std::size_t slow_end = std::min(at + line_block_bytes, chunk.size());
        while (at < slow_end && state_ == DataState::more)
            step(chunk[at++], out);
    }
    return state_;
}

std::size_t DotStuffer::run(std::string_view bytes, std::string& out) {
    LinePosition position{.line_start = at_ == At::line_start, .after_cr = at_ == At::cr};
    const std::size_t length = run_over_blocks(bytes, 0, position, facts_);
    if (length == 0) return 0;
    // A CR is written with the LF behind it, never before.
    if (at_ == At::cr) out += '\r';
    out += bytes.substr(0, length - (position.after_cr ? 1 : 0));
    at_ = position.after_cr ? At::cr : position.line_start ? At::line_start : At::in_line;
    return length;
}

void DotStuffer::step(char byte, std::string& out) {
    if (at_ == At::cr) {
        if (byte != '\n') {
            state_ = DataState::bare_cr;
            return;
        }
        out += "\r\n";
        ++facts_.bytes;
        ++facts_.lines;
        at_ = At::line_start;
        return;
    }
    if (byte == '\n') {
        state_ = DataState::bare_lf;
        return;
    }
    ++facts_.bytes;
    if (byte == '\r') {
        at_ = At::cr;
        return;
    }
    if (at_ == At::line_start && byte == '.') out += '.';
    out += byte;
    at_ = At::in_line;
    if (static_cast<unsigned char>(byte) >= 0x80U) facts_.eight_bit = true;
    if (byte == '\0') facts_.nul = true;
}

DataState DotStuffer::finish(std::string& out) {
    if (state_ == DataState::more && at_ == At::cr) state_ = DataState::bare_cr;
    if (state_ == DataState::more && at_ == At::in_line) {
        out += "\r\n";
        facts_.bytes += 2;
        ++facts_.lines;
        at_ = At::line_start;
    }
    return state_;
}

void DotUnstuffer::unstuff(std::string_view content, std::string& out) {
    while (!content.empty()) {
        if (line_start_ && content.front() == '.') content.remove_prefix(1);
        const std::size_t lf = content.find('\n');
        line_start_ = lf != std::string_view::npos;
        const std::size_t length = line_start_ ? lf + 1 : content.size();
        out += content.substr(0, length);
        content.remove_prefix(length);
    }
}

} // namespace postern::smtp
