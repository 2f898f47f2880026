#pragma once

#include "gateway/io/task.h"
#include "gateway/relay/pool.h"
#include "gateway/smtp/envelope.h"
#include "gateway/smtp/reply_reader.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::relay {

// What came of asking the next hop: its own reply, or why there is none.
struct Answer {
    smtp::ParsedReply reply;
    std::optional<Failure> failure;

    [[nodiscard]] bool positive() const { return !failure && smtp::is_positive(reply.code); }
};

// One transaction carried into one with the next hop, while it happens. Owned by a session for one
// message; calls in this order: recipient() for each, begin_content(), write() and more write(),
// finish(). What is small goes in one piece, when it is complete (RFC 3030); what is not, behind
// DATA while it arrives. At any point abandon() instead: before the next hop has seen content that
// is RSET; afterwards the connection is dropped, so that the next hop throws away what it has (RFC
// 5321 4.1.1.4: no final dot, no message). The destructor abandons.
class Delivery {
public:
    Delivery(Pool& pool, RouteHops& route) : pool_(pool), route_(route) {}
    Delivery(const Delivery&) = delete;
    Delivery& operator=(const Delivery&) = delete;
    ~Delivery() { abandon(); }

    // MAIL (with the first) and RCPT. The answer is that to RCPT, or that to MAIL if it was
    // refused.
    [[nodiscard]] io::Task<Answer>
    recipient(const ClientFacts& client, const smtp::Mail& mail, const smtp::Recipient& recipient);

    // From here on content may go. Nothing, or why not: the next hop's answer to DATA.
    [[nodiscard]] io::Task<std::optional<Answer>> begin_content();
    // Dot-stuffed content. False when it cannot go on: finish() then says why.
    [[nodiscard]] io::Task<bool> write(std::string_view content);
    // The end of data, and what the next hop says to the message.
    [[nodiscard]] io::Task<Answer> finish();

    void abandon();

    // "192.0.2.1:25", the host used; "" before the first recipient.
    [[nodiscard]] const std::string& host() const { return host_; }

private:
    enum class Stage : std::uint8_t {
        envelope,
        gathering, // content that may turn out small; nothing of it was said yet
        behind_data,
    };

    [[nodiscard]] io::Task<std::optional<Failure>> open(const ClientFacts& client, Pool::Use use);
    [[nodiscard]] io::Task<Answer> first(const smtp::Mail& mail, const smtp::Recipient& recipient);
    [[nodiscard]] io::Task<Answer> further(const smtp::Recipient& recipient);
    [[nodiscard]] io::Task<std::optional<Answer>> say_data();
    [[nodiscard]] io::Task<bool> flush();
    [[nodiscard]] io::Task<Answer> finish_in_one_piece();
    [[nodiscard]] io::Task<Answer> finish_behind_data();
    [[nodiscard]] Answer conclude(Lease lease, Conversation::Replied answer);
    [[nodiscard]] Answer lost(Failure failure);

    Pool& pool_;
    RouteHops& route_;
    Lease lease_;
    std::string host_;
    std::string pending_; // content not sent yet: small pieces travel together
    std::optional<Failure> failure_;
    std::optional<Answer> refusal_; // of a DATA that was said in the middle of write()
    Stage stage_ = Stage::envelope;
    bool mail_accepted_ = false;
};

} // namespace postern::relay
