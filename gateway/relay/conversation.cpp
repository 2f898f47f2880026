#include "gateway/relay/conversation.h"

#include "gateway/achieved.h"
#include "gateway/smtp/client.h"
#include "gateway/smtp/proxy.h"
#include "ssl/peer.h"

#include <algorithm>
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

std::unexpected<Failure> refused(Cause cause, smtp::ParsedReply reply) {
    std::string detail = reply.text();
    return std::unexpected{
        Failure{.cause = cause, .detail = std::move(detail), .reply = std::move(reply)}};
}

// Up to and with the handshake nothing that goes wrong may pass for anything but a failure of TLS:
// somebody in between can cut a connection as well as forge a reply.
std::unexpected<Failure> tls_failed(Failure failure) {
    failure.cause = Cause::tls_failed;
    return std::unexpected{std::move(failure)};
}

std::unexpected<Failure> short_of(const Target& target, const ssl::Peer& peer) {
    const policy::TlsVersion version = gateway::version_of(peer.version);
    if (version < target.required.floor) {
        return failed(Cause::below_floor, "TLS " + std::string{policy::text(version)});
    }
    switch (peer.chain) {
    case ssl::ChainVerdict::store_unusable: return failed(Cause::our_tls, ssl::text(peer.chain));
    case ssl::ChainVerdict::expired:
    case ssl::ChainVerdict::not_yet_valid: return failed(Cause::expired, ssl::text(peer.chain));
    case ssl::ChainVerdict::trusted: return failed(Cause::name_mismatch, target.server_name);
    case ssl::ChainVerdict::none_presented:
    case ssl::ChainVerdict::self_signed:
    case ssl::ChainVerdict::unknown_ca:
    case ssl::ChainVerdict::incomplete:
    case ssl::ChainVerdict::bad_signature:
    case ssl::ChainVerdict::unsuitable:
    case ssl::ChainVerdict::unreadable: break;
    }
    return failed(Cause::not_trusted, ssl::text(peer.chain));
}

// It understands us still, and deserves a goodbye.
bool on_speaking_terms(Cause cause) {
    return cause == Cause::tls_missing || cause == Cause::below_floor ||
           cause == Cause::not_trusted || cause == Cause::expired || cause == Cause::name_mismatch;
}

} // namespace

Conversation::Conversation(Environment& environment, io::Socket socket)
    : environment_(environment), channel_(std::move(socket)), opened_at_(environment.ring.now()) {
    ++environment_.counts.opened;
    ++environment_.counts.active;
    environment_.conversations.insert(this);
}

Conversation::~Conversation() {
    --environment_.counts.active;
    environment_.conversations.erase(this);
}

void Environment::cut() {
    cutting = true;
    for (Conversation* const conversation : conversations) {
        conversation->cancel();
    }
}

io::Task<Conversation::Opened>
Conversation::open(Environment& environment, const Target& target, const ClientFacts* client) {
    // Twice at most: TLS that fails where nobody demands it is left out the second time, on a fresh
    // connection (COMPLIANCE O2).
    std::optional<Failure> without_tls;
    for (;;) {
        if (environment.cutting) co_return failed(Cause::busy, "we stop");
        auto socket = co_await io::Socket::connect(
            environment.ring, target.endpoint, environment.bounds.connect);
        if (!socket) co_return failed(Cause::unreachable, io::text(socket.error()));
        if (environment.cutting) co_return failed(Cause::busy, "we stop");
        auto conversation = std::make_unique<Conversation>(environment, std::move(*socket));
        conversation->without_tls_ = without_tls;
        if (client != nullptr) {
            const auto told = co_await conversation->tell_proxy(*client);
            if (!told) co_return std::unexpected{told.error()};
        }
        auto begun = co_await conversation->begin(target);
        if (begun) co_return std::move(conversation);
        const Cause cause = begun.error().cause;
        if (on_speaking_terms(cause)) co_await conversation->take_leave();
        const bool tls_problem =
            cause == Cause::tls_missing || cause == Cause::tls_failed || cause == Cause::our_tls;
        if (without_tls || !tls_problem || target.required.demand != policy::Demand::none) {
            co_return std::unexpected{std::move(begun.error())};
        }
        without_tls = std::move(begun.error());
    }
}

io::Task<Conversation::Sent> Conversation::begin(const Target& target) {
    auto greeting = co_await reply(environment_.bounds.command);
    if (!greeting) co_return std::unexpected{greeting.error()};
    state_.greeting(*greeting);
    if (state_.step() != smtp::Step::greeted) {
        co_return refused(Cause::greeting, std::move(*greeting));
    }
    const auto said = co_await hello(environment_.hostname);
    if (!said || without_tls_) co_return said;
    co_return co_await secure(target);
}

// Behind the first EHLO: in TLS, or in clear where that is enough.
io::Task<Conversation::Sent> Conversation::secure(const Target& target) {
    const bool demanded = target.required.demand != policy::Demand::none;
    if (!extensions().has(smtp::Extension::starttls)) {
        without_tls_ = Failure{.cause = Cause::tls_missing, .detail = "STARTTLS is not offered"};
        if (!demanded) co_return {};
        co_return std::unexpected{*without_tls_};
    }
    const auto turned = co_await turn_to_tls(target);
    if (!turned) {
        // RFC 3207 4: a 454 leaves the conversation as it was. A 421 ends it.
        const Failure& failure = turned.error();
        if (failure.cause != Cause::tls_missing || demanded || failure.reply.code == 421) {
            co_return turned;
        }
        without_tls_ = failure;
        co_return {};
    }
    auto said = co_await hello(environment_.hostname);
    // With TLS 1.3 a server's verdict on the handshake comes after we are done with it.
    const ssl::Error verdict = channel_.tls_error();
    const bool failed_after_all =
        verdict.cause != ssl::Cause::none && verdict.cause != ssl::Cause::closed;
    if (!said && said.error().cause == Cause::lost && failed_after_all) {
        co_return failed(Cause::tls_failed, ssl::text(verdict));
    }
    co_return said;
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
    if (!state_.can_start_transaction()) co_return refused(Cause::greeting, std::move(*answer));
    co_return {};
}

io::Task<Conversation::Sent> Conversation::turn_to_tls(const Target& target) {
    if (environment_.tls == nullptr) co_return failed(Cause::our_tls, "no TLS of our own");
    std::string command;
    smtp::append_starttls(command);
    auto answer = co_await ask(command, environment_.bounds.command);
    if (!answer) co_return tls_failed(std::move(answer.error()));
    if (answer->code != 220) co_return refused(Cause::tls_missing, std::move(*answer));
    // What came behind the 220 in clear was put there by somebody in between (RFC 3207 6).
    if (channel_.has_buffered()) co_return failed(Cause::tls_failed, "bytes behind the 220");
    const auto shaken = co_await channel_.start_tls(
        *environment_.tls, target.server_name, environment_.bounds.handshake);
    if (!shaken) {
        const Cause cause = ssl::is_ours(shaken.error().cause) ? Cause::our_tls : Cause::tls_failed;
        co_return failed(cause, ssl::text(shaken.error()));
    }
    state_.start_afresh();
    const ssl::Peer& peer = *channel_.peer();
    if (!target.required.met_by(gateway::achieved_by(peer))) {
        co_return short_of(target, peer);
    }
    co_return {};
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
    if (answer->code != 220) co_return refused(Cause::greeting, *answer);
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
    // A bound on all of it: a server may not hold us by a byte now and then.
    const io::Clock::time_point deadline = environment_.ring.now() + wait;
    for (;;) {
        const auto left = std::max(
            io::Duration{1}, std::chrono::ceil<io::Duration>(deadline - environment_.ring.now()));
        const auto bytes = co_await channel_.data(left);
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

io::Task<Conversation::Replied> Conversation::tell_in_one_piece(std::string_view content,
                                                                io::Duration wait) {
    std::string chunk;
    smtp::append_bdat(chunk, content.size(), smtp::Chunk::last);
    chunk += content;
    co_return co_await ask(chunk, wait);
}

Conversation::Replied Conversation::in_step(Replied reply) {
    if (!reply || smtp::is_positive(reply->code) || reply->code >= 400) return reply;
    return std::unexpected{out_of_step(*reply)};
}

Failure Conversation::out_of_step(const smtp::ParsedReply& reply) {
    return {.cause = Cause::malformed, .detail = "out of step: " + reply.text()};
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
