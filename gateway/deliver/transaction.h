#pragma once

#include "gateway/deliver/content.h"
#include "gateway/deliver/ledger.h"
#include "gateway/io/task.h"
#include "gateway/relay/conversation.h"
#include "gateway/relay/environment.h"
#include "gateway/smtp/dots.h"
#include "gateway/smtp/envelope.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::deliver {

// One message as an attempt takes it. Borrowed: all of it stays until the attempt is over.
struct Message {
    const smtp::Mail& mail;
    std::span<const smtp::Recipient> recipients;
    Content& content;
};

// RFC 2920 3.1 leaves it to the client that neither side waits for the other to read: so many
// commands, with their answers, fit the sockets' buffers.
inline constexpr std::size_t commands_together_max = 100;
// Content up to this size goes in one piece, by BDAT where that is offered (RFC 3030): that spares
// the wait for 354. More is sent behind DATA, where no piece waits for an answer.
inline constexpr std::size_t content_together_bytes = 32768;

// The open recipients of one message said to one host, over a conversation that is open and meets
// the demand. What comes of them is written in the ledger. Lives for one run().
class Transaction {
public:
    Transaction(const relay::Bounds& bounds,
                relay::Conversation& conversation,
                const Host& host,
                const Message& message,
                Ledger& ledger)
        : bounds_(bounds)
        , conversation_(conversation)
        , host_(host)
        , message_(message)
        , ledger_(ledger) {}

    // Afterwards the conversation can start a transaction, or is only good for its end.
    [[nodiscard]] io::Task<void> run();

private:
    using Replied = relay::Conversation::Replied;

    [[nodiscard]] std::vector<std::size_t> sayable();
    [[nodiscard]] io::Task<bool> envelope();
    void append_recipients(std::string& commands);
    void hear(const smtp::ParsedReply& reply);

    [[nodiscard]] io::Task<void> content();
    [[nodiscard]] io::Task<bool> read();
    [[nodiscard]] io::Task<void> in_one_piece();
    [[nodiscard]] io::Task<void> behind_data();
    [[nodiscard]] io::Task<bool> stream();
    [[nodiscard]] io::Task<void> interrupted(std::optional<relay::Failure> failure);
    void verdict(const Replied& answer);

    [[nodiscard]] std::vector<std::size_t> unanswered() const;
    void broke(const relay::Failure& failure);
    void fault(std::string_view detail);
    void refused(const smtp::ParsedReply& reply);

    const relay::Bounds& bounds_;
    relay::Conversation& conversation_;
    const Host& host_;
    const Message& message_;
    Ledger& ledger_;

    std::vector<std::size_t> recipients_; // in the order in which they are said
    std::size_t said_ = 0;                // of these, and likewise:
    std::size_t heard_ = 0;
    std::vector<std::size_t> accepted_;
    std::string piece_;   // content read and not yet said
    bool at_end_ = false; // of the content
    smtp::DotStuffer stuffer_;
    std::string stuffed_;
};

} // namespace postern::deliver
