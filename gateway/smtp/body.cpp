#include "gateway/smtp/body.h"

#include "gateway/smtp/line_blocks.h"

#include <algorithm>

namespace postern::smtp {

Scanned DataScanner::scan(std::string_view chunk) {
    if (halted()) return {.state = state(), .consumed = 0, .before = {}, .content = {}};
    const std::string_view kept_before = kept_back();
    Scanned scanned{.state = DataState::more, .consumed = read(chunk), .before = {}, .content = {}};
    scanned.state = state();
    if (at_ == At::bare_cr || at_ == At::bare_lf) return scanned;

    // What is not handed out is the end of all that was read: either it is within this chunk, or
    // nothing of the chunk and of what was kept back before is proved yet.
    const std::size_t withheld = at_ == At::end ? end_of_data.size() : kept_back().size();
    if (scanned.consumed < withheld) return scanned;
    scanned.before = kept_before;
    scanned.content = chunk.substr(0, scanned.consumed - withheld);
    return scanned;
}

std::size_t DataScanner::read(std::string_view chunk) {
    std::size_t at = 0;
    while (at < chunk.size()) {
        at += run(chunk.substr(at));
        // A block that needs a second look, or the last bytes of the chunk.
        const std::size_t slow_end = std::min(at + line_block_bytes, chunk.size());
        while (at < slow_end) {
            step(chunk[at++]);
            if (halted()) return at;
        }
    }
    return at;
}

std::size_t DataScanner::run(std::string_view bytes) {
    if (at_ == At::dot || at_ == At::dot_cr) return 0;
    LinePosition position{
        .line_start = at_ == At::line_start, .after_cr = at_ == At::cr, .line_bytes = line_bytes_};
    const std::size_t length = run_over_blocks(bytes, line_bytes_max_, position, facts_);
    if (length == 0) return 0;
    line_bytes_ = position.line_bytes;
    at_ = position.after_cr ? At::cr : position.line_start ? At::line_start : At::in_line;
    return length;
}

void DataScanner::step(char byte) {
    switch (at_) {
    case At::line_start:
        if (byte == '.') {
            at_ = At::dot;
            return;
        }
        break;
    case At::dot:
        if (byte == '\r') {
            at_ = At::dot_cr;
            return;
        }
        break;
    case At::dot_cr: at_ = byte == '\n' ? At::end : At::bare_cr; return;
    case At::cr:
        if (byte != '\n') {
            at_ = At::bare_cr;
            return;
        }
        count(byte);
        ++facts_.lines;
        line_bytes_ = 0;
        at_ = At::line_start;
        return;
    case At::in_line: break;
    case At::end:
    case At::bare_cr:
    case At::bare_lf: return;
    }
    if (byte == '\n') {
        at_ = At::bare_lf;
        return;
    }
    count(byte);
    at_ = byte == '\r' ? At::cr : At::in_line;
}

void DataScanner::count(char byte) {
    ++facts_.bytes;
    ++line_bytes_;
    if (static_cast<unsigned char>(byte) >= 0x80U) facts_.eight_bit = true;
    if (byte == '\0') facts_.nul = true;
    if (line_bytes_max_ > 0 && line_bytes_ > line_bytes_max_) facts_.line_too_long = true;
}

std::string_view DataScanner::kept_back() const {
    switch (at_) {
    case At::cr: return "\r";
    case At::dot: return ".";
    case At::dot_cr: return ".\r";
    case At::line_start:
    case At::in_line:
    case At::end:
    case At::bare_cr:
    case At::bare_lf: return {};
    }
    return {};
}

DataState DataScanner::state() const {
    switch (at_) {
    case At::end: return DataState::end;
    case At::bare_cr: return DataState::bare_cr;
    case At::bare_lf: return DataState::bare_lf;
    case At::line_start:
    case At::dot:
    case At::dot_cr:
    case At::in_line:
    case At::cr: return DataState::more;
    }
    return DataState::more;
}

} // namespace postern::smtp
