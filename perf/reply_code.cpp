#include "perf/reply_code.h"

namespace postern::perf {

int ReplyCode::code() const {
    int code = 0;
    for (std::size_t at = 0; at < 3; ++at) {
        if (head_[at] < '0' || head_[at] > '9') return 0;
        code = code * 10 + (head_[at] - '0');
    }
    return code;
}

std::optional<int> ReplyCode::read(std::string_view& bytes) {
    while (!bytes.empty()) {
        const char byte = bytes.front();
        if (byte != '\n' && column_ < head_.size()) {
            head_[column_++] = byte;
            bytes.remove_prefix(1);
            continue;
        }
        const std::size_t end = bytes.find('\n');
        if (end == std::string_view::npos) {
            bytes = {};
            return std::nullopt;
        }
        bytes.remove_prefix(end + 1);
        const bool whole = column_ == head_.size();
        column_ = 0;
        if (!whole || code() == 0) return 0;
        if (head_[3] != '-') return code();
    }
    return std::nullopt;
}

} // namespace postern::perf
