#include "perf/load_client.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace postern::perf {
namespace {

constexpr io::Duration hold_max = std::chrono::hours{24};
constexpr std::string_view ehlo = "EHLO load.example\r\n";

LoadFailure failure_from(io::Error error) {
    switch (error) {
    case io::Error::timed_out: return LoadFailure::timed_out;
    case io::Error::refused:
    case io::Error::unreachable: return LoadFailure::connect;
    case io::Error::closed:
    case io::Error::reset:
    case io::Error::cancelled:
    case io::Error::exhausted:
    case io::Error::other: return LoadFailure::broken;
    }
    return LoadFailure::broken;
}

// A socket that comes from a certain address: one address has ports for some 28,000 connections to
// one server. Nothing waits here; that it is not connected yet is for the first receive to see.
io::Descriptor connecting_from(const io::Endpoint& source, const io::Endpoint& to) {
    io::Descriptor fd{::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd.valid()) return {};
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (::bind(fd.get(), source.data(), source.size()) != 0) return {};
    if (::connect(fd.get(), to.data(), to.size()) != 0 && errno != EINPROGRESS) return {};
    // The ring wants to do the waiting itself.
    const int flags = ::fcntl(fd.get(), F_GETFL);
    ::fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK);
    return fd;
}

} // namespace

void LoadClient::cancel() {
    cancelled_ = true;
    if (stream_) stream_->cancel();
}

io::Task<std::expected<void, LoadFailure>> LoadClient::connect(io::Endpoint source) {
    const LoadSettings& settings = with_.settings;
    if (source.family() != 0) {
        io::Descriptor fd = connecting_from(source, settings.to);
        if (!fd.valid()) co_return std::unexpected{LoadFailure::connect};
        stream_.emplace(io::Socket{with_.ring, std::move(fd)}, with_.scratch);
        co_return {};
    }
    auto socket = co_await io::Socket::connect(with_.ring, settings.to, settings.reply_max);
    if (!socket) co_return std::unexpected{LoadFailure::connect};
    if (cancelled_) co_return std::unexpected{LoadFailure::broken};
    stream_.emplace(std::move(*socket), with_.scratch);
    co_return {};
}

io::Task<std::expected<void, LoadFailure>> LoadClient::open(io::Endpoint source,
                                                            const ssl::Session* resume) {
    const auto connected = co_await connect(source);
    if (!connected) co_return connected;
    if (with_.settings.tls == LoadTls::implicit) {
        const auto up = co_await start_tls(resume);
        if (!up) co_return up;
    }
    const auto greeting = co_await reply();
    if (!greeting) co_return std::unexpected{greeting.error()};
    if (*greeting != 220) co_return std::unexpected{LoadFailure::hello};
    const auto greeted = co_await hello();
    if (!greeted || with_.settings.tls != LoadTls::starttls) co_return greeted;

    const auto ready = co_await say("STARTTLS\r\n");
    if (!ready) co_return std::unexpected{ready.error()};
    if (*ready != 220) co_return std::unexpected{LoadFailure::tls};
    const auto up = co_await start_tls(resume);
    if (!up) co_return up;
    co_return co_await hello();
}

io::Task<std::expected<void, LoadFailure>> LoadClient::hello() {
    const auto code = co_await say(ehlo);
    if (!code) co_return std::unexpected{code.error()};
    if (*code != 250) co_return std::unexpected{LoadFailure::hello};
    co_return {};
}

io::Task<std::expected<void, LoadFailure>> LoadClient::start_tls(const ssl::Session* resume) {
    auto engine = ssl::Engine::client(*with_.tls, with_.settings.server_name, resume);
    if (!engine) co_return std::unexpected{LoadFailure::tls};
    received_ = {};
    const bool up = co_await stream_->handshake(std::move(*engine), with_.settings.reply_max);
    if (!up) co_return std::unexpected{LoadFailure::tls};
    co_return {};
}

io::Task<LoadClient::Code> LoadClient::reply() {
    for (;;) {
        if (const auto code = reply_code_.read(received_)) {
            if (*code == 0) co_return std::unexpected{LoadFailure::broken};
            co_return *code;
        }
        const auto bytes = co_await stream_->receive(with_.settings.reply_max);
        if (!bytes) co_return std::unexpected{failure_from(bytes.error())};
        received_ = *bytes;
    }
}

io::Task<LoadClient::Code> LoadClient::say(std::string_view line) {
    received_ = {}; // a reply nobody asked for; under TLS its bytes would not outlive the wait
    const auto sent = co_await stream_->send(line, with_.settings.reply_max);
    if (!sent) co_return std::unexpected{failure_from(sent.error())};
    co_return co_await reply();
}

// MAIL, RCPT, DATA: 354, or the reply that ended it.
io::Task<LoadClient::Code> LoadClient::envelope(const Messages::Mail& message) {
    Code code = co_await say(message.mail);
    if (!code || *code != 250) co_return code;
    code = co_await say(message.rcpt);
    if (!code || *code != 250) co_return code;
    co_return co_await say("DATA\r\n");
}

// The same in one send. The three replies may come in pieces, and bytes received under TLS do not
// outlive a wait: so they are read one by one, as ever.
io::Task<LoadClient::Code> LoadClient::envelope_at_once(const Messages::Mail& message) {
    const std::string lines = message.mail + message.rcpt + "DATA\r\n";
    const Code mail = co_await say(lines);
    if (!mail) co_return mail;
    const Code rcpt = co_await reply();
    if (!rcpt) co_return rcpt;
    const Code data = co_await reply();
    if (!data || (*mail == 250 && *rcpt == 250)) co_return data;
    if (*data == 354) {
        const Code empty = co_await say(".\r\n"); // nobody wants it, but the server waits for it
        if (!empty) co_return empty;
    }
    co_return *mail != 250 ? mail : rcpt;
}

io::Task<LoadClient::Code> LoadClient::content(const Messages::Mail& message) {
    if (message.rest.empty()) co_return co_await say(message.beginning);
    const auto sent = co_await stream_->send(message.beginning, with_.settings.reply_max);
    if (!sent) co_return std::unexpected{failure_from(sent.error())};
    co_return co_await say(message.rest);
}

io::Task<std::expected<int, LoadFailure>> LoadClient::send_message(const Messages::Mail& message) {
    if (std::exchange(needs_reset_, false)) {
        const Code reset = co_await say("RSET\r\n");
        if (!reset) co_return reset;
    }
    const Code ready =
        with_.settings.pipelining ? co_await envelope_at_once(message) : co_await envelope(message);
    if (!ready) co_return ready;
    if (*ready != 354) {
        needs_reset_ = true;
        co_return ready;
    }
    co_return co_await content(message);
}

io::Task<> LoadClient::quit() { [[maybe_unused]] const Code bye = co_await say("QUIT\r\n"); }

io::Task<> LoadClient::hold() {
    for (;;) {
        const auto received = co_await stream_->receive(hold_max);
        if (!received) co_return;
    }
}

} // namespace postern::perf
