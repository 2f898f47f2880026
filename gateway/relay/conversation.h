#pragma once

#include "gateway/channel.h"
#include "gateway/io/task.h"
#include "gateway/relay/environment.h"
#include "gateway/relay/failure.h"
#include "gateway/relay/target.h"
#include "gateway/smtp/conversation.h"
#include "gateway/smtp/reply_reader.h"

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace postern::relay {

// One SMTP conversation with one server, from its greeting on: the I/O around smtp::Conversation.
// Used by one coroutine at a time; after a Failure it is only good for destroying.
class Conversation {
public:
    using Opened = std::expected<std::unique_ptr<Conversation>, Failure>;
    using Replied = std::expected<smtp::ParsedReply, Failure>;
    using Sent = std::expected<void, Failure>;

    // Connects, says EHLO, turns to TLS where it is offered, and judges what that proved against
    // what the target requires before anything else is said. Whatever goes wrong from STARTTLS to
    // the end of the handshake is a failure of TLS, a time-out too; where nothing is demanded, the
    // conversation is then a fresh one in clear (COMPLIANCE O2). `client` is told to targets that
    // expect a PROXY header; else null.
    [[nodiscard]] static io::Task<Opened>
    open(Environment& environment, const Target& target, const ClientFacts* client);
    explicit Conversation(Environment& environment, io::Socket socket);
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;
    ~Conversation();

    // Sends; replies are asked for one by one, in order.
    [[nodiscard]] io::Task<Sent> say(std::string_view bytes, io::Duration wait);
    [[nodiscard]] io::Task<Replied> reply(io::Duration wait);
    [[nodiscard]] io::Task<Replied> ask(std::string_view command, io::Duration wait);
    // All of a message's content, without stuffed dots, and the answer to the message (RFC 3030).
    [[nodiscard]] io::Task<Replied> tell_in_one_piece(std::string_view content, io::Duration wait);
    // A reply that cannot be the answer to a command becomes a failure: whoever says 354 to MAIL,
    // or 250 to DATA, answers something else.
    [[nodiscard]] static Replied in_step(Replied reply);
    [[nodiscard]] static Failure out_of_step(const smtp::ParsedReply& reply);

    // XCLIENT (postfix.org/XCLIENT_README.html) unless this client was announced already.
    [[nodiscard]] io::Task<Sent> announce(const ClientFacts& client);
    // What is waited for ends with a failure, and so does everything later.
    void cancel() { channel_.cancel(); }
    // QUIT, politely but briefly.
    [[nodiscard]] io::Task<void> quit();

    [[nodiscard]] smtp::Conversation& state() { return state_; }
    [[nodiscard]] const smtp::Extensions& extensions() const { return state_.extensions(); }
    [[nodiscard]] const gateway::Channel& channel() const { return channel_; }
    // Nothing has come that nobody asked for: the server has not closed it or said 421.
    [[nodiscard]] bool silent() const { return !channel_.has_buffered(); }
    [[nodiscard]] io::Clock::time_point opened_at() const { return opened_at_; }
    // Why it is in clear; null when it is not.
    [[nodiscard]] const Failure* without_tls() const {
        return without_tls_ ? &*without_tls_ : nullptr;
    }

    // Kept by whoever keeps it for another message.
    io::Clock::time_point idle_since;
    std::size_t messages = 0; // said so far

private:
    [[nodiscard]] io::Task<Sent> begin(const Target& target);
    [[nodiscard]] io::Task<Sent> secure(const Target& target);
    [[nodiscard]] io::Task<void> take_leave();
    [[nodiscard]] io::Task<Sent> hello(std::string_view name);
    [[nodiscard]] io::Task<Sent> turn_to_tls(const Target& target);
    [[nodiscard]] io::Task<Sent> tell_proxy(const ClientFacts& client);

    Environment& environment_;
    gateway::Channel channel_;
    smtp::Conversation state_;
    smtp::ReplyReader reader_;
    std::string announced_; // the client that XCLIENT named last
    std::optional<Failure> without_tls_;
    io::Clock::time_point opened_at_;
};

} // namespace postern::relay
