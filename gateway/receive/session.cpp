#include "gateway/receive/session.h"

#include "gateway/achieved.h"
#include "gateway/receive/inbound_transaction.h"
#include "gateway/receive/submission.h"
#include "gateway/smtp/proxy.h"
#include "gateway/smtp/replies.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace postern::receive {
namespace {

namespace replies = smtp::replies;

// Commands allowed before TLS where the listener demands it (RFC 3207 4).
bool allowed_in_clear(smtp::Verb verb) {
    switch (verb) {
    case smtp::Verb::noop:
    case smtp::Verb::ehlo:
    case smtp::Verb::helo:
    case smtp::Verb::starttls:
    case smtp::Verb::rset:
    case smtp::Verb::quit:
    case smtp::Verb::http: return true;
    default: return false;
    }
}

bool must_be_last_of_batch(smtp::Verb verb) { // RFC 2920 3.1
    return verb == smtp::Verb::ehlo || verb == smtp::Verb::helo || verb == smtp::Verb::data;
}

// A client that speaks before it is spoken to: spam software that does not read.
bool has_spoken(int fd) {
    char byte = 0;
    return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

} // namespace

std::string_view text(Ending ending) {
    switch (ending) {
    case Ending::quit: return "quit";
    case Ending::client_left: return "client left";
    case Ending::timed_out: return "timed out";
    case Ending::tls_failed: return "TLS failed";
    case Ending::refused: return "refused";
    case Ending::overload: return "overload";
    }
    return "ended";
}

Session::Session(Surroundings& surroundings, const Listener& listener, io::Socket socket)
    : surroundings_(surroundings)
    , listener_(listener)
    , channel_(std::move(socket))
    , counted_(surroundings.census,
               Census::slot(io::Endpoint::peer_of(channel_.socket().fd()).key()))
    , began_at_(surroundings.ring.now()) {
    const io::Endpoint peer = io::Endpoint::peer_of(channel_.socket().fd());
    const io::Endpoint local = io::Endpoint::local_of(channel_.socket().fd());
    facts_.id = surroundings.identifiers.next();
    facts_.listener = listener.name;
    facts_.direction = listener.direction;
    facts_.client = peer.address();
    facts_.client_port = peer.port();
    facts_.local = local.address();
    facts_.local_port = local.port();
    if (!offers_tls() && listener.tls != ListenerTls::implicit) {
        facts_.standing.start_tls =
            listener.tls == ListenerTls::off ? StartTls::not_offered : StartTls::own_fault;
    }
}

io::Task<void> Session::run() {
    surroundings_.recorder.session_began();
    const Step refused = co_await open();
    const Ending ending = refused ? *refused : co_await converse();
    end_transaction();
    surroundings_.recorder.session_ended(
        {.facts = facts_,
         .ending = text(ending),
         .lasted = std::chrono::duration_cast<io::Duration>(surroundings_.ring.now() - began_at_),
         .bytes_in = channel_.bytes_in(),
         .bytes_out = channel_.bytes_out(),
         .commands = commands_,
         .errors = errors_,
         .messages = messages_});
}

io::Task<Session::Step> Session::open() {
    if (listener_.proxy_protocol) {
        const Step ended = co_await read_proxy_header();
        if (ended) co_return ended;
        if (listener_.tls != ListenerTls::implicit && channel_.has_buffered()) {
            co_return co_await leave(replies::early_talker(), Ending::refused);
        }
    }
    if (listener_.tls == ListenerTls::implicit) {
        const Step ended = co_await shake_hands(gateway::EarlyBytes::are_tls);
        if (ended) co_return ended;
    } else if (!listener_.proxy_protocol && has_spoken(channel_.socket().fd())) {
        co_return co_await leave(replies::early_talker(), Ending::refused);
    }
    co_return say(replies::greeting(surroundings_.settings->hostname));
}

// Only from the addresses named. Others are told why before they have said anything.
io::Task<Session::Step> Session::read_proxy_header() {
    if (!listener_.may_proxy(facts_.client)) {
        co_return co_await leave(replies::proxies_only(), Ending::refused);
    }
    std::string header;
    for (;;) {
        const auto bytes = co_await channel_.data(surroundings_.settings->timeouts.proxy_header);
        if (!bytes) co_return Ending::client_left;
        const std::size_t known = header.size();
        header += bytes->substr(0, smtp::proxy_header_bytes_max - known);
        const smtp::ProxyHeader read = smtp::read_proxy_header(header);
        if (read.state == smtp::ProxyState::need_more &&
            header.size() < smtp::proxy_header_bytes_max) {
            channel_.consume(header.size() - known);
            continue;
        }
        if (read.state != smtp::ProxyState::proxied && read.state != smtp::ProxyState::local) {
            co_return Ending::refused;
        }
        channel_.consume(read.consumed - known);
        if (read.state == smtp::ProxyState::local) co_return std::nullopt;
        facts_.client = read.source.address;
        facts_.client_port = read.source.port;
        facts_.local = read.destination.address;
        facts_.local_port = read.destination.port;
        co_return co_await count_real_client();
    }
}

io::Task<Session::Step> Session::count_real_client() {
    const auto client = io::Endpoint::parse(facts_.client, facts_.client_port);
    if (!client) co_return std::nullopt;
    const std::size_t slot = Census::slot(client->key());
    const gateway::Settings& settings = *surroundings_.settings;
    if (sessions_of_client(surroundings_.all_cores, slot) >= settings.limits.sessions_per_client) {
        co_return co_await leave(replies::too_many_sessions_of_client(settings.hostname),
                                 Ending::overload);
    }
    counted_.move_to(slot);
    co_return std::nullopt;
}

io::Task<Ending> Session::converse() {
    for (;;) {
        if (draining_ && !transaction_) {
            const Step left = co_await leave(
                replies::shutting_down(surroundings_.settings->hostname), Ending::overload);
            co_return left.value_or(Ending::overload);
        }
        const Step ended = co_await next_command();
        if (ended) co_return *ended;
        if (errors_ > surroundings_.settings->limits.errors) {
            const Step left = co_await leave(
                replies::too_many_errors(surroundings_.settings->hostname), Ending::refused);
            co_return left.value_or(Ending::refused);
        }
    }
}

io::Task<Session::Step> Session::next_command() {
    if (!channel_.has_line()) {
        const bool flushed = co_await flush();
        if (!flushed) co_return Ending::client_left;
    }
    const auto line = co_await channel_.line(smtp::command_line_bytes_max,
                                             surroundings_.settings->timeouts.command);
    if (!line) co_return co_await line_failed(line.error());
    ++commands_;
    if (commands_ > surroundings_.settings->limits.commands) {
        co_return co_await leave(replies::too_many_errors(surroundings_.settings->hostname),
                                 Ending::refused);
    }
    const smtp::Command command = smtp::parse_command(*line);
    if (must_be_last_of_batch(command.verb) && channel_.has_buffered()) {
        co_return co_await leave(replies::not_pipelined_here(), Ending::refused);
    }
    co_return co_await answer(command);
}

io::Task<Session::Step> Session::line_failed(gateway::ChannelError error) {
    switch (error) {
    case gateway::ChannelError::closed:
    case gateway::ChannelError::broken:
    case gateway::ChannelError::tls: co_return Ending::client_left;
    case gateway::ChannelError::cancelled: co_return draining_ ? Step{} : Ending::overload;
    case gateway::ChannelError::timed_out:
        co_return co_await leave(replies::timed_out(surroundings_.settings->hostname),
                                 Ending::timed_out);
    case gateway::ChannelError::line_too_long: co_return say(replies::command_line_too_long());
    case gateway::ChannelError::bare_line_end:
    case gateway::ChannelError::nul:
        co_return co_await leave(replies::bare_line_end(), Ending::refused);
    case gateway::ChannelError::flood:
        co_return co_await leave(replies::too_many_errors(surroundings_.settings->hostname),
                                 Ending::refused);
    }
    co_return Ending::client_left;
}

// What is wrong with a command before it is even read closer.
std::optional<smtp::Reply> Session::not_now(const smtp::Command& command) const {
    const bool in_clear = !channel_.encrypted();
    if (listener_.require_tls && in_clear && !allowed_in_clear(command.verb)) { // I6
        return replies::must_starttls();
    }
    return std::nullopt;
}

io::Task<Session::Step> Session::answer(const smtp::Command& command) {
    if (const auto refused = not_now(command)) co_return say(*refused);
    const std::string& hostname = surroundings_.settings->hostname;
    switch (command.verb) {
    case smtp::Verb::helo:
    case smtp::Verb::ehlo: co_return say(hello(command));
    case smtp::Verb::mail: co_return say(mail(command.argument));
    case smtp::Verb::rcpt: co_return co_await recipient(command.argument);
    case smtp::Verb::data: co_return co_await data();
    case smtp::Verb::bdat: co_return co_await chunk(command.argument);
    case smtp::Verb::starttls: co_return co_await start_tls(command.argument);
    case smtp::Verb::rset: end_transaction(); co_return say(replies::ok());
    case smtp::Verb::noop: co_return say(replies::ok());
    case smtp::Verb::quit: co_return co_await leave(replies::goodbye(hostname), Ending::quit);
    case smtp::Verb::vrfy: co_return say(replies::cannot_verify());
    case smtp::Verb::help: co_return say(replies::help());
    case smtp::Verb::http: co_return co_await leave(replies::foreign_protocol(), Ending::refused);
    case smtp::Verb::expn:
    case smtp::Verb::auth:
    case smtp::Verb::etrn:
    case smtp::Verb::xclient:
    case smtp::Verb::xforward:
    case smtp::Verb::lhlo: co_return say(replies::not_implemented());
    case smtp::Verb::unknown: co_return say(replies::unknown_command());
    }
    co_return say(replies::unknown_command());
}

bool Session::offers_tls() const {
    return listener_.tls == ListenerTls::starttls && surroundings_.server_tls != nullptr;
}

smtp::Extensions Session::offer() const {
    // What we bridge ourselves, whatever the next hops can; then what all of them can take. The
    // queue can take everything.
    smtp::Extensions forwarded;
    forwarded.add_size(surroundings_.settings->limits.message_size)
        .add(smtp::Extension::eight_bit_mime)
        .add(smtp::Extension::smtputf8)
        .add(smtp::Extension::dsn);
    smtp::Extensions offered =
        facts_.direction == Direction::outbound
            ? forwarded
            : surroundings_.policy.current().routes->common_extensions(forwarded);
    if (!offered.has(smtp::Extension::size)) {
        offered.add_size(surroundings_.settings->limits.message_size);
    }
    offered.add(smtp::Extension::pipelining)
        .add(smtp::Extension::enhanced_status_codes)
        .add(smtp::Extension::chunking);
    if (offers_tls() && !channel_.encrypted()) offered.add(smtp::Extension::starttls);
    return offered;
}

smtp::Reply Session::hello(const smtp::Command& command) {
    const auto name = smtp::parse_hello(command.argument);
    if (!name) return name.error();
    end_transaction(); // RFC 5321 4.1.4: as RSET
    facts_.helo = *name;
    facts_.extended = command.verb == smtp::Verb::ehlo;
    greeted_ = true;
    const std::string& hostname = surroundings_.settings->hostname;
    if (!facts_.extended) {
        offered_ = {};
        return replies::hello(hostname);
    }
    offered_ = offer();
    return smtp::ehlo_reply(hostname, offered_);
}

smtp::Reply Session::mail(std::string_view argument) {
    if (!greeted_) return replies::hello_first();
    if (transaction_) return replies::nested_mail();
    auto begun = begin_transaction(argument);
    if (!begun) return begun.error();
    transaction_ = std::move(*begun);
    return replies::sender_ok();
}

std::expected<std::unique_ptr<Transaction>, smtp::Reply>
Session::begin_transaction(std::string_view argument) {
    if (facts_.direction == Direction::inbound) {
        return InboundTransaction::begin(surroundings_, facts_, argument, offered_);
    }
    // Not at the greeting: 554 there says that no mail server is here at all (RFC 5321 3.1), and
    // whoever has to find out why reads the reply to MAIL in the client's log.
    if (!listener_.may_submit(facts_.client)) {
        return std::unexpected{replies::may_not_submit(facts_.client)};
    }
    return Submission::begin(surroundings_, facts_, argument, offered_);
}

io::Task<Session::Step> Session::start_tls(std::string_view argument) {
    if (channel_.encrypted()) co_return say(replies::already_in_tls()); // I5
    if (listener_.tls != ListenerTls::starttls) co_return say(replies::not_implemented());
    if (!argument.empty()) co_return say(replies::starttls_argument()); // I2
    if (channel_.has_buffered()) {                                      // I3
        co_return co_await leave(replies::bytes_behind_starttls(), Ending::refused);
    }
    if (!surroundings_.server_tls) { // I1
        facts_.standing.start_tls = StartTls::own_fault;
        co_return say(replies::tls_not_available());
    }
    static_cast<void>(say(replies::ready_for_tls()));
    const bool flushed = co_await flush();
    if (!flushed) co_return Ending::client_left;
    end_transaction();
    co_return co_await shake_hands(gateway::EarlyBytes::thrown_away);
}

io::Task<Session::Step> Session::shake_hands(gateway::EarlyBytes early) {
    if (!surroundings_.server_tls) co_return Ending::overload; // implicit TLS without a certificate
    const auto shaken = co_await channel_.start_tls(
        *surroundings_.server_tls, early, surroundings_.settings->timeouts.tls_handshake);
    if (!shaken) { // I4
        facts_.tls_cause = ssl::text(shaken.error());
        surroundings_.recorder.handshake_failed(facts_, shaken.error());
        co_return Ending::tls_failed;
    }
    const ssl::Peer& peer = *channel_.peer();
    surroundings_.recorder.handshake_done(peer);
    facts_.standing.achieved = {.level = policy::Demand::tls,
                                .version = gateway::version_of(peer.version)};
    facts_.tls_version = ssl::text(peer.version);
    facts_.tls_cipher = peer.cipher;
    // RFC 3207 4.2: as if the conversation had just begun.
    greeted_ = false;
    offered_ = {};
    facts_.helo.clear();
    co_return std::nullopt;
}

Session::Step Session::say(const smtp::Reply& reply) { return say(Spoken::ours(reply)); }

Session::Step Session::say(const Spoken& reply) {
    replies_ += reply.wire;
    surroundings_.recorder.replied(reply.code);
    if (reply.code >= 500) ++errors_;
    return std::nullopt;
}

io::Task<bool> Session::flush() {
    if (replies_.empty()) co_return true;
    const auto sent = co_await channel_.send(replies_, surroundings_.settings->timeouts.send);
    std::string{}.swap(replies_);
    co_return sent.has_value();
}

io::Task<Session::Step> Session::leave(const smtp::Reply& reply, Ending ending) {
    static_cast<void>(say(reply));
    end_transaction();
    co_await hang_up();
    co_return ending;
}

// With what has not been said yet.
io::Task<void> Session::hang_up() {
    constexpr io::Duration linger{2000}; // for our last words to be read
    co_await channel_.close(linger, std::exchange(replies_, {}));
}

void Session::end_transaction() {
    stuffer_.reset();
    intake_.reset();
    transaction_.reset();
}

void Session::drain() {
    draining_ = true;
    if (!transaction_) channel_.interrupt();
}

} // namespace postern::receive
