// Replies are read the same wherever they are cut, and one that is passed on is read as the same
// reply.
#include "gateway/smtp/extension.h"
#include "gateway/smtp/reply_reader.h"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace smtp = postern::smtp;
using smtp::ReplyState;

namespace {

struct Result {
    std::vector<smtp::ParsedReply> replies;
    ReplyState state = ReplyState::need_more;
};

Result read(std::string_view bytes, std::size_t piece) {
    smtp::ReplyReader reader;
    Result result;
    std::size_t at = 0;
    while (at < bytes.size()) {
        const auto fed = reader.feed(bytes.substr(at, piece));
        at += fed.consumed;
        result.state = fed.state;
        if (fed.state == ReplyState::malformed || fed.state == ReplyState::too_big) break;
        if (fed.state != ReplyState::complete) continue;
        result.replies.push_back(reader.take());
        assert(reader.empty());
    }
    return result;
}

void check_passed_on(const smtp::ParsedReply& reply) {
    assert(reply.code >= 200 && reply.code < 600);
    assert(!reply.lines.empty());
    std::string wire;
    reply.append_to(wire);
    const Result again = read(wire, wire.size());
    assert(again.state == ReplyState::complete);
    assert(again.replies.size() == 1);
    assert(again.replies[0].code == reply.code);
    assert(again.replies[0].lines.size() == reply.lines.size());
    assert(again.replies[0].enhanced() == reply.enhanced());
    std::string second;
    again.replies[0].append_to(second);
    assert(second == wire);
    const Result as_value = read(wire_text(reply.as_reply()), 1);
    assert(as_value.replies.size() == 1);
    assert(as_value.replies[0].enhanced() == reply.enhanced());
    static_cast<void>(smtp::parse_extensions(reply.lines));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 16384) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Result whole = read(bytes, bytes.size());
    for (const std::size_t piece : {std::size_t{1}, data[0] + std::size_t{1}}) {
        const Result cut = read(bytes, piece);
        assert(cut.state == whole.state);
        assert(cut.replies.size() == whole.replies.size());
        for (std::size_t i = 0; i < cut.replies.size(); ++i) {
            assert(cut.replies[i].code == whole.replies[i].code);
            assert(cut.replies[i].lines == whole.replies[i].lines);
        }
    }
    for (const smtp::ParsedReply& reply : whole.replies)
        check_passed_on(reply);
    return 0;
}
