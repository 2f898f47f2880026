#pragma once

#include "gateway/channel.h"
#include "gateway/io/task.h"
#include "gateway/receive/census.h"
#include "gateway/receive/content.h"
#include "gateway/receive/facts.h"
#include "gateway/receive/intake.h"
#include "gateway/receive/listener.h"
#include "gateway/receive/surroundings.h"
#include "gateway/receive/transaction.h"
#include "gateway/smtp/command.h"
#include "gateway/smtp/dots.h"
#include "gateway/smtp/extension.h"
#include "gateway/smtp/reply.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace postern::receive {

// How a session ended, for the log.
enum class Ending : std::uint8_t {
    quit,
    client_left,
    timed_out,
    tls_failed,
    refused,  // sent away for what the client did
    overload, // sent away for our sake: limits, draining
};
[[nodiscard]] std::string_view text(Ending ending);

// One conversation with one client, from the greeting to the end. Owned by the door's task that
// runs it; everything it waits for is bounded.
class Session {
public:
    Session(Surroundings& surroundings, const Listener& listener, io::Socket socket);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() = default;

    // Until the connection is over. Awaited once.
    [[nodiscard]] io::Task<void> run();

    // We are going down, or this listener is: say so when the running transaction is over.
    void drain();
    // The wait for drain() is over.
    void cut() { channel_.cancel(); }

private:
    // What a command leads to: a reply, and whether the conversation goes on.
    using Step = std::optional<Ending>;

    [[nodiscard]] io::Task<Step> open();
    [[nodiscard]] io::Task<Step> read_proxy_header();
    [[nodiscard]] io::Task<Step> count_real_client();
    [[nodiscard]] io::Task<Ending> converse();
    [[nodiscard]] io::Task<Step> next_command();
    [[nodiscard]] io::Task<Step> line_failed(gateway::ChannelError error);
    [[nodiscard]] io::Task<Step> answer(const smtp::Command& command);

    [[nodiscard]] smtp::Reply hello(const smtp::Command& command);
    [[nodiscard]] smtp::Reply mail(std::string_view argument);
    [[nodiscard]] std::expected<std::unique_ptr<Transaction>, smtp::Reply>
    begin_transaction(std::string_view argument);
    [[nodiscard]] std::optional<smtp::Reply> not_now(const smtp::Command& command) const;
    [[nodiscard]] smtp::Extensions offer() const;
    [[nodiscard]] bool offers_tls() const;

    [[nodiscard]] io::Task<Step> start_tls(std::string_view argument);
    [[nodiscard]] io::Task<Step> shake_hands(gateway::EarlyBytes early);
    [[nodiscard]] io::Task<Step> recipient(std::string_view argument);
    [[nodiscard]] io::Task<Step> data();
    [[nodiscard]] io::Task<Step> chunk(std::string_view argument);
    [[nodiscard]] io::Task<Step> unwanted_chunk(std::uint64_t bytes, smtp::Reply reply);
    [[nodiscard]] io::Task<Step> finish_message(const smtp::ContentFacts& content);
    [[nodiscard]] io::Task<Step> content_failed(ContentError error);
    [[nodiscard]] ContentBounds content_bounds() const;

    [[nodiscard]] Step say(const smtp::Reply& reply);
    [[nodiscard]] Step say(const Spoken& reply);
    [[nodiscard]] io::Task<bool> flush();
    [[nodiscard]] io::Task<void> hang_up();
    [[nodiscard]] io::Task<Step> leave(const smtp::Reply& reply, Ending ending);
    void end_transaction();

    Surroundings& surroundings_;
    const Listener& listener_;
    gateway::Channel channel_;
    Facts facts_;
    smtp::Extensions offered_;
    std::string replies_; // of a pipelined batch, sent together
    std::unique_ptr<Transaction> transaction_;
    // The content of a message that comes in BDAT chunks, or the one being read behind DATA.
    std::unique_ptr<Intake> intake_;
    std::unique_ptr<smtp::DotStuffer> stuffer_;
    Census::Entry counted_;
    io::Clock::time_point began_at_;
    std::uint32_t commands_ = 0;
    std::uint32_t errors_ = 0;
    std::uint32_t messages_ = 0;
    bool greeted_ = false; // HELO or EHLO was accepted
    bool draining_ = false;
};

} // namespace postern::receive
