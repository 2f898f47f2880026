#include "perf/data_end.h"

#include <algorithm>

namespace postern::perf {

void DataEnd::step(char byte) {
    if (byte == mark[matched_]) {
        ++matched_;
    } else if (byte == '\r') {
        matched_ = 1;
    } else {
        matched_ = 0;
    }
}

DataEnd::Found DataEnd::scan(std::string_view chunk) {
    std::size_t at = 0;
    while (at < chunk.size()) {
        if (matched_ > 0) {
            step(chunk[at++]);
            if (matched_ == mark.size()) return {at, true};
            continue;
        }
        // Only a dot can matter now, and whether it stands at the start of a line is seen there.
        const std::size_t dot = chunk.find('.', at);
        if (dot == std::string_view::npos) {
            for (at = std::max(at, chunk.size() - std::min<std::size_t>(chunk.size(), 2));
                 at < chunk.size();
                 ++at) {
                step(chunk[at]);
            }
        } else {
            const bool starts_line = dot >= at + 2 && chunk.substr(dot - 2, 2) == "\r\n";
            matched_ = starts_line ? 3 : 0;
            at = dot + 1;
        }
    }
    return {at, false};
}

} // namespace postern::perf
