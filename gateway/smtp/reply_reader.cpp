#include "gateway/smtp/reply_reader.h"

#include <algorithm>
#include <utility>

namespace postern::smtp {

namespace {

// "250", "250 text", "250-text" or "250\ttext".
struct LineRead {
    int code = 0; // 0: not a line of a reply
    bool last = true;
    std::string_view text;
};

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

LineRead read_line(std::string_view line) {
    if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, is_digit)) return {};
    // RFC 5321 4.2: the first digit is 2 to 5; nothing sends 1xx in SMTP, and it would be no
    // answer.
    if (line[0] < '2' || line[0] > '5') return {};
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (line.size() == 3) return {.code = code, .last = true, .text = {}};
    const char separator = line[3];
    if (separator != ' ' && separator != '-' && separator != '\t') return {};
    return {.code = code, .last = separator != '-', .text = line.substr(4)};
}

} // namespace

EnhancedCode ParsedReply::enhanced() const {
    if (lines.empty()) return {};
    const EnhancedCode found = find_enhanced_code(lines.front()).code;
    return found.status == code / 100 ? found : EnhancedCode{};
}

void ParsedReply::append_to(std::string& out) const {
    if (lines.empty()) append_reply_line(out, code, true, "");
    for (std::size_t i = 0; i < lines.size(); ++i)
        append_reply_line(out, code, i + 1 == lines.size(), lines[i]);
}

std::string ParsedReply::text() const {
    std::string joined;
    for (const std::string& line : lines) {
        if (!joined.empty()) joined += ' ';
        joined += line;
    }
    return joined;
}

Reply ParsedReply::as_reply() const {
    Reply reply{.code = code, .enhanced = enhanced(), .text = {}};
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i > 0) reply.text += '\n';
        std::string_view line = lines[i];
        const EnhancedCodeFound found = find_enhanced_code(line);
        if (reply.enhanced.present() && found.code == reply.enhanced)
            line.remove_prefix(found.bytes);
        reply.text += line;
    }
    return reply;
}

ReplyFed ReplyReader::feed(std::string_view bytes) {
    std::size_t consumed = 0;
    while (state_ == ReplyState::need_more && consumed < bytes.size()) {
        const std::string_view rest = bytes.substr(consumed);
        const std::size_t lf = std::min(rest.find('\n'), rest.size());
        const std::size_t room =
            peer_reply_line_bytes_max - std::min(line_.size(), peer_reply_line_bytes_max);
        if (lf > room) {
            state_ = ReplyState::too_big;
            break;
        }
        line_ += rest.substr(0, lf);
        consumed += lf;
        if (lf == rest.size()) break;
        ++consumed;
        state_ = line_ended();
    }
    return {.consumed = consumed, .state = state_};
}

ReplyState ReplyReader::line_ended() {
    if (line_.ends_with('\r')) line_.pop_back();
    const LineRead line = read_line(line_);
    if (line.code == 0 || line_.find('\0') != std::string::npos) return ReplyState::malformed;
    if (!reply_.lines.empty() && line.code != reply_.code) return ReplyState::malformed;
    if (reply_.lines.size() == peer_reply_lines_max) return ReplyState::too_big;
    reply_.code = line.code;
    reply_.lines.emplace_back(line.text);
    line_.clear();
    return line.last ? ReplyState::complete : ReplyState::need_more;
}

ParsedReply ReplyReader::take() {
    ParsedReply taken = std::exchange(reply_, ParsedReply{});
    if (state_ == ReplyState::complete) state_ = ReplyState::need_more;
    return taken;
}

} // namespace postern::smtp
