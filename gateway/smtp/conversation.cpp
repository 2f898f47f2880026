#include "gateway/smtp/conversation.h"

namespace postern::smtp {

// RFC 5321 3.8: 421 may come at any time, and the connection ends behind it.
bool Conversation::note_closing(const ParsedReply& reply) {
    if (reply.code == 421) step_ = Step::ended;
    return step_ == Step::ended;
}

void Conversation::start_afresh() {
    if (step_ == Step::ended) return;
    extensions_ = Extensions{};
    step_ = Step::greeted;
}

void Conversation::greeting(const ParsedReply& reply) {
    if (note_closing(reply)) return;
    step_ = is_positive(reply.code) ? Step::greeted : Step::ended;
}

void Conversation::hello(const ParsedReply& reply, bool extended) {
    if (note_closing(reply) || !is_positive(reply.code)) return;
    extensions_ = extended ? parse_extensions(reply.lines) : Extensions{};
    step_ = Step::ready;
}

void Conversation::mail(const ParsedReply& reply) {
    if (note_closing(reply)) return;
    if (step_ == Step::ready && is_positive(reply.code)) step_ = Step::in_transaction;
}

// A server that refuses RSET has lost the thread: nothing more is to be said to it.
void Conversation::rset(const ParsedReply& reply) {
    if (note_closing(reply)) return;
    if (!is_positive(reply.code)) {
        step_ = Step::ended;
        return;
    }
    if (step_ == Step::in_transaction) step_ = Step::ready;
}

void Conversation::message_done() {
    if (step_ == Step::in_transaction) step_ = Step::ready;
}

} // namespace postern::smtp
