#include "gateway/receive/spoken.h"

#include "gateway/smtp/replies.h"

namespace postern::receive {
namespace {

namespace replies = smtp::replies;

smtp::Reply reply_to(const relay::Failure& failure) {
    if (failure.cause == relay::Cause::busy) return replies::too_busy();
    return relay::had_begun(failure.cause) ? replies::next_hop_lost()
                                           : replies::next_hop_unreachable();
}

} // namespace

Spoken Spoken::ours(const smtp::Reply& reply) {
    return {.wire = smtp::wire_text(reply),
            .code = reply.code,
            .enhanced = reply.enhanced,
            .text = reply.text,
            .after = reply.after};
}

Spoken Spoken::of(const relay::Answer& answer) {
    if (answer.failure) return ours(reply_to(*answer.failure));
    const smtp::ParsedReply& reply = answer.reply;
    if (smtp::is_positive(reply.code) && !reply.enhanced().present()) {
        smtp::Reply completed = reply.as_reply();
        completed.enhanced = {.status = 2, .subject = 0, .detail = 0};
        return ours(completed);
    }
    Spoken spoken{
        .wire = {}, .code = reply.code, .enhanced = reply.enhanced(), .text = reply.text()};
    reply.append_to(spoken.wire);
    return spoken;
}

} // namespace postern::receive
