// The quick scanner says the same as a plain one that looks at one byte after the other, wherever
// the stream is cut; what it hands out is clean; and content survives stuffing and unstuffing.
#include "gateway/smtp/body.h"
#include "gateway/smtp/dots.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace smtp = postern::smtp;
using smtp::DataState;

namespace {

struct Result {
    std::string content; // with what an error takes back
    std::size_t consumed = 0;
    DataState state = DataState::more;
    smtp::ContentFacts facts;
};

// Looks at lines of the whole stream. Knows nothing of states.
Result scan_slowly(std::string_view stream, std::size_t line_bytes_max) {
    Result result;
    std::size_t line_begin = 0;
    for (std::size_t i = 0; i < stream.size(); ++i) {
        const bool after_cr = i > 0 && stream[i - 1] == '\r';
        if (after_cr && stream[i] != '\n') result.state = DataState::bare_cr;
        if (!after_cr && stream[i] == '\n') result.state = DataState::bare_lf;
        if (stream.substr(line_begin, i + 1 - line_begin) == ".\r\n") result.state = DataState::end;
        result.consumed = i + 1;
        if (result.state != DataState::more) break;
        if (stream[i] == '\n') line_begin = i + 1;
    }
    std::size_t end = result.consumed;
    if (result.state == DataState::end) end = line_begin;
    result.content = stream.substr(0, end);

    std::size_t line_bytes = 0;
    bool line_start = true;
    for (const char byte : result.content) {
        const bool stuffed = line_start && byte == '.';
        line_start = byte == '\n';
        if (stuffed) continue;
        ++result.facts.bytes;
        ++line_bytes;
        if (line_bytes_max > 0 && line_bytes > line_bytes_max) result.facts.line_too_long = true;
        if (byte == '\0') result.facts.nul = true;
        if (static_cast<unsigned char>(byte) >= 0x80) result.facts.eight_bit = true;
        if (byte != '\n') continue;
        line_bytes = 0;
        ++result.facts.lines;
    }
    return result;
}

Result scan(std::string_view stream, std::size_t piece, std::size_t line_bytes_max) {
    smtp::DataScanner scanner(line_bytes_max);
    Result result;
    while (result.consumed < stream.size() && result.state == DataState::more) {
        const auto scanned = scanner.scan(stream.substr(result.consumed, piece));
        result.content += scanned.before;
        result.content += scanned.content;
        result.consumed += scanned.consumed;
        result.state = scanned.state;
    }
    result.facts = scanner.facts();
    return result;
}

bool is_clean(std::string_view content) {
    for (std::size_t i = 0; i < content.size(); ++i) {
        const bool after_cr = i > 0 && content[i - 1] == '\r';
        if ((content[i] == '\n') != after_cr) return false;
    }
    const bool ends_data =
        content.starts_with(".\r\n") || content.find("\r\n.\r\n") != std::string_view::npos;
    return !content.ends_with('\r') && !ends_data;
}

void check_scanner(std::string_view stream, std::size_t piece, std::size_t line_bytes_max) {
    const Result slow = scan_slowly(stream, line_bytes_max);
    const Result quick = scan(stream, piece, line_bytes_max);
    assert(quick.state == slow.state);
    assert(quick.consumed == slow.consumed);
    assert(is_clean(quick.content));
    assert(slow.content.starts_with(quick.content));
    if (slow.state == DataState::end) assert(quick.content == slow.content);
    if (slow.state == DataState::more) assert(quick.content.size() + 2 >= slow.content.size());
    if (slow.state != DataState::end && !is_clean(slow.content)) return;
    assert(quick.facts == slow.facts);
}

void check_stuffing(std::string_view content, std::size_t piece) {
    smtp::DotStuffer stuffer;
    std::string wire;
    for (std::size_t at = 0; at < content.size(); at += piece) {
        if (stuffer.stuff(content.substr(at, piece), wire) == DataState::more)
            assert(!wire.ends_with('\r'));
    }
    const DataState state = stuffer.finish(wire);
    std::string complete(content);
    if (!complete.empty() && !complete.ends_with("\r\n")) complete += "\r\n";
    const std::string checked = complete + "."; // not an end of data, and the CRLFs are looked at
    const Result slow = scan_slowly(checked, 0);
    const bool whole = std::ranges::count(complete, '\r') == std::ranges::count(complete, '\n');
    if (state != DataState::more) {
        assert(!whole || slow.state != DataState::more || content.ends_with('\r') ||
               content.ends_with('\n'));
        return;
    }
    assert(stuffer.facts().bytes == complete.size());
    wire += smtp::end_of_data;
    const Result scanned = scan(wire, piece, 0);
    assert(scanned.state == DataState::end);
    assert(scanned.consumed == wire.size());
    std::string back;
    smtp::DotUnstuffer unstuffer;
    for (std::size_t at = 0; at < scanned.content.size(); at += piece)
        unstuffer.unstuff(std::string_view(scanned.content).substr(at, piece), back);
    assert(back == complete);
}

// A few letters make long streams of what matters from short inputs.
std::string expanded(std::string_view text) {
    std::string stream;
    for (const char byte : text) {
        switch (byte) {
        case 'N': stream += "\r\n"; break;
        case 'E': stream += "\r\n.\r\n"; break;
        case 'L': stream.append(61, 'x'); break;
        default: stream += byte;
        }
    }
    return stream;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 4096) return 0;
    const std::size_t piece = data[0] + 1U;
    const std::size_t line_bytes_max = data[1];
    const std::string stream = expanded({reinterpret_cast<const char*>(data) + 2, size - 2});
    check_scanner(stream, piece, line_bytes_max);
    check_scanner(stream, stream.size() + 1, line_bytes_max);
    check_scanner(stream, 1, line_bytes_max);
    check_stuffing(stream, piece);
    return 0;
}
