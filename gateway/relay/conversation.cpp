#include "gateway/relay/conversation.h"

#include "gateway/smtp/client.h"
#include "gateway/smtp/proxy.h"
#include "ssl/peer.h"

#include <utility>

namespace postern::relay {
namespace {

std::unexpected<Failure> failed(Cause cause, std::string_view detail) {
    return std::unexpected{Failure{.cause = cause, .detail = std::string{detail}}};
}

std::unexpected<Failure> failed(gateway::ChannelError error) {
    const Cause cause = error == gateway::ChannelError::timed_out ? Cause::silent : Cause::lost;
    return failed(cause, gateway::text(error));
}

policy::Demand level_of(const ssl::Peer& peer) {
    if (peer.chain != ssl::ChainVerdict::trusted) return policy::Demand::tls;
    return peer.name_matched ? policy::Demand::tls_trusted_host : policy::Demand::tls_trusted;
}

} // namespace

Conversation::Conversation(Environment& environment, io::Socket socket)
    : environment_(environment), channel_(std::move(socket)), opened_at_(environment.ring.now()) {
    ++environment_.counts.opened;
    ++environment_.counts.active;
}

Conversation::~Conversation() { --environment_.counts.active; }

io::Task<Conversation::Opened>
Conversation::open(Environment& environment, const Target& target, const ClientFacts* client) {
    // Twice at most: TLS that fails where nobody demands it is left out the second time, on a fresh
    // connection (COMPLIANCE O2).
    bool in_clear = false;
    for (;;) {
        auto socket = co_await io::Socket::connect(
            environment.ring, target.endpoint, environment.bounds.connect);
        if (!socket) co_return failed(Cause::unreachable, io::text(socket.error()));
        auto conversation = std::make_unique<Conversation>(environment, std::move(*socket));
        if (client != nullptr) {
            const auto told = co_await conversation->tell_proxy(*client);
            if (!told) co_return std::unexpected{told.error()};
        }
        const auto begun = co_await conversation->begin(target, in_clear);
        if (begun) co_return std::move(conversation);
        const Cause cause = begun.error().cause;
        if (cause == Cause::tls_missing || cause == Cause::not_trusted ||
            cause == Cause::name_mismatch) {
            co_await conversation->take_leave();
        }
        const bool tls_problem = cause == Cause::tls_failed || cause == Cause::our_tls;
        if (in_clear || !tls_problem || target.demand != policy::Demand::none) {
            co_return std::unexpected{begun.error()};
        }
        in_clear = true;
    }
}

io::Task<Conversation::Sent> Conversation::begin(const Target& target, bool in_clear) {
    const auto greeting = co_await reply(environment_.bounds.command);
    if (!greeting) co_return std::unexpected{greeting.error()};
    state_.greeting(*greeting);
    if (state_.step() != smtp::Step::greeted) co_return failed(Cause::greeting, greeting->text());
    const auto said = co_await hello(environment_.hostname);
    if (!said) co_return said;

    const bool demanded = target.demand != policy::Demand::none;
    if (in_clear) co_return {};
    if (!extensions().has(smtp::Extension::starttls)) {
        if (!demanded) co_return {};
        co_return failed(Cause::tls_missing, "STARTTLS is not offered");
    }
    const auto turned = co_await turn_to_tls(target);
    if (!turned) {
        // RFC 3207 4: a 454 leaves the conversation as it was.
        if (turned.error().cause == Cause::tls_missing && !demanded) co_return {};
        co_return turned;
    }
    co_return co_await hello(environment_.hostname);
}

io::Task<Conversation::Sent> Conversation::hello(std::string_view name) {
    std::string command;
    smtp::append_ehlo(command, name);
    auto answer = co_await ask(command, environment_.bounds.command);
    if (!answer) co_return std::unexpected{answer.error()};
    bool extended = true;
    if (smtp::is_permanent(answer->code)) {
        extended = false;
        command.clear();
        smtp::append_helo(command, name);
        answer = co_await ask(command, environment_.bounds.command);
        if (!answer) co_return std::unexpected{answer.error()};
    }
    state_.hello(*answer, extended);
    if (!state_.can_start_transaction()) co_return failed(Cause::greeting, answer->text());
    co_return {};
}

io::Task<Conversation::Sent> Conversation::turn_to_tls(const Target& target) {
    if (environment_.tls == nullptr) co_return failed(Cause::our_tls, "no TLS of our own");
    std::string command;
    smtp::append_starttls(command);
    const auto answer = co_await ask(command, environment_.bounds.command);
    if (!answer) co_return std::unexpected{answer.error()};
    if (answer->code != 220) co_return failed(Cause::tls_missing, answer->text());
    // What came behind the 220 in clear was put there by somebody in between (RFC 3207 6).
    if (channel_.has_buffered()) co_return failed(Cause::tls_failed, "bytes behind the 220");
    const auto shaken = co_await channel_.start_tls(
        *environment_.tls, target.server_name, environment_.bounds.command);
    if (!shaken) {
        const Cause cause = ssl::is_ours(shaken.error().cause) ? Cause::our_tls : Cause::tls_failed;
        co_return failed(cause, ssl::text(shaken.error()));
    }
    state_.start_afresh();
    const ssl::Peer& peer = *channel_.peer();
    if (level_of(peer) >= target.demand) co_return {};
    if (peer.chain == ssl::ChainVerdict::store_unusable) {
        co_return failed(Cause::our_tls, ssl::text(peer.chain));
    }
    if (peer.chain != ssl::ChainVerdict::trusted) {
        co_return failed(Cause::not_trusted, ssl::text(peer.chain));
    }
    co_return failed(Cause::name_mismatch, target.server_name);
}

io::Task<Conversation::Sent> Conversation::tell_proxy(const ClientFacts& client) {
    std::string header;
    const smtp::ProxyEndpoint source{.address = std::string{client.address}, .port = client.port};
    const smtp::ProxyEndpoint destination{.address = std::string{client.local_address},
                                          .port = client.local_port};
    smtp::append_proxy_header(header, source, destination);
    co_return co_await say(header, environment_.bounds.command);
}

io::Task<Conversation::Sent> Conversation::announce(const ClientFacts& client) {
    if (!extensions().has(smtp::Extension::xclient)) co_return {};
    const smtp::XclientFacts facts{.name = {},
                                   .address = client.address,
                                   .port = client.port,
                                   .extended = client.extended,
                                   .helo = client.helo};
    std::string command;
    smtp::append_xclient(command, facts, extensions());
    if (command == announced_) co_return {};
    const auto answer = co_await ask(command, environment_.bounds.command);
    if (!answer) co_return std::unexpected{answer.error()};
    if (answer->code != 220) co_return failed(Cause::greeting, answer->text());
    announced_ = std::move(command);
    state_.start_afresh();
    // A server takes the name of this EHLO for the client's, whatever XCLIENT said.
    co_return co_await hello(client.helo.empty() ? environment_.hostname : client.helo);
}

io::Task<Conversation::Sent> Conversation::say(std::string_view bytes, io::Duration wait) {
    const auto sent = co_await channel_.send(bytes, wait);
    if (!sent) co_return failed(sent.error());
    co_return {};
}

io::Task<Conversation::Replied> Conversation::reply(io::Duration wait) {
    for (;;) {
        const auto bytes = co_await channel_.data(wait);
        if (!bytes) co_return failed(bytes.error());
        const smtp::ReplyFed fed = reader_.feed(*bytes);
        channel_.consume(fed.consumed);
        if (fed.state == smtp::ReplyState::complete) co_return reader_.take();
        if (fed.state != smtp::ReplyState::need_more) {
            co_return failed(Cause::malformed, "not an SMTP reply");
        }
    }
}

io::Task<Conversation::Replied> Conversation::ask(std::string_view command, io::Duration wait) {
    if (!silent()) {
        // A server may say 421 at any time (RFC 5321 3.8). Anything else that nobody asked for
        // would be taken for the answer to this command, and every answer behind it for another's.
        auto unasked = co_await reply(wait);
        if (!unasked || unasked->code == 421) co_return unasked;
        co_return failed(Cause::malformed, "a reply that nobody asked for");
    }
    const auto said = co_await say(command, wait);
    if (!said) co_return std::unexpected{said.error()};
    co_return co_await reply(wait);
}

// QUIT without waiting for the answer: nothing else is said to a host that falls short.
io::Task<void> Conversation::take_leave() {
    constexpr io::Duration brief{2000};
    std::string command;
    smtp::append_quit(command);
    [[maybe_unused]] const auto said = co_await say(command, brief);
}

io::Task<void> Conversation::quit() {
    constexpr io::Duration brief{2000};
    std::string command;
    smtp::append_quit(command);
    const auto said = co_await say(command, brief);
    if (said) {
        [[maybe_unused]] const auto goodbye = co_await reply(brief);
    }
    co_await channel_.close(io::Duration{0});
}

} // namespace postern::relay
