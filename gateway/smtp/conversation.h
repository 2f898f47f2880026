#pragma once

#include "gateway/smtp/extension.h"
#include "gateway/smtp/reply_reader.h"

#include <cstdint>

namespace postern::smtp {

enum class Step : std::uint8_t {
    connected,      // nothing said yet; after STARTTLS or XCLIENT: see start_afresh
    greeted,        // may say EHLO
    ready,          // may start a transaction
    in_transaction, // MAIL was accepted
    ended,          // the peer closes, or we do
};

// What a client must remember of a conversation with a server: where it stands, and what the server
// offers. Lives with the connection; tell it each reply in order. It sends nothing.
class Conversation {
public:
    void greeting(const ParsedReply& reply);
    void hello(const ParsedReply& reply, bool extended); // to EHLO, or to HELO
    void mail(const ParsedReply& reply);
    void rset(const ParsedReply& reply);
    void message_done(); // the reply to the end of data is in
    // TLS is up, or XCLIENT was answered 220: everything learnt before is forgotten (RFC 3207 4.2),
    // and EHLO comes next.
    void start_afresh();
    void end() { step_ = Step::ended; }

    [[nodiscard]] Step step() const { return step_; }
    [[nodiscard]] bool can_start_transaction() const { return step_ == Step::ready; }
    [[nodiscard]] const Extensions& extensions() const { return extensions_; }

private:
    bool note_closing(const ParsedReply& reply);

    Extensions extensions_;
    Step step_ = Step::connected;
};

} // namespace postern::smtp
