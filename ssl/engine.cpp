#include "ssl/engine.h"

#include "ssl/chain_callback.h"
#include "ssl/choice.h"
#include "ssl/client_hello.h"
#include "ssl/context_state.h"
#include "ssl/facts.h"
#include "ssl/library_error.h"
#include "ssl/name_match.h"
#include "ssl/wire.h"

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace postern::ssl {

namespace {

// A handshake is a dozen records; somebody who cuts messages into single bytes may need some more.
constexpr unsigned handshake_records_max = 1024;

// Afterwards, records in a row that give no byte: tickets, a KeyUpdate, alerts that warn.
constexpr unsigned empty_records_max = 32;

constexpr std::size_t write_bytes_max = std::size_t{1}
                                        << 20; // a turn of the library's, which counts in int

constexpr std::size_t ticket_bytes_max =
    256; // the library's SESSION_TICKET_LEN, which it keeps to itself

struct ReleaseConnection {
    void operator()(WOLFSSL* ssl) const { wolfSSL_free(ssl); }
};

using Connection = std::unique_ptr<WOLFSSL, ReleaseConnection>;

// RFC 8446 6.2. For what ends before the library knows of the connection.
enum class Alert : char { unexpected_message = 10, decode_error = 50 };

void append_alert(Alert alert, std::string& output) {
    constexpr char fatal = 2;
    const std::array record{
        '\x15', '\x03', '\x03', '\x00', '\x02', fatal, static_cast<char>(alert)};
    output.append(record.data(), record.size());
}

} // namespace

// One of `server` and `client` is set.
struct Engine::Impl {
    explicit Impl(Held<ServerState> state) : server(std::move(state)) {}
    explicit Impl(Held<ClientState> state) : client(std::move(state)) {}

    std::optional<Held<ServerState>> server;
    std::optional<Held<ClientState>> client;
    std::unique_ptr<HelloReader> hello;  // a server's, until there is `ssl`
    std::unique_ptr<ChainReport> report; // a client's; its server_name stays for session()
    Wire wire{handshake_records_max};
    bool established = false;
    bool ended = false;         // nothing is read any more
    bool said_farewell = false; // nothing is written any more
    Connection ssl;             // last, so that it goes first: it refers to the members above
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Engine::~Engine() = default;

std::expected<std::unique_ptr<Engine>, Error> Engine::server(ServerContext& context) {
    auto impl = std::make_unique<Impl>(Held<ServerState>::share(context.state()));
    impl->hello = std::make_unique<HelloReader>();
    return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

std::expected<std::unique_ptr<Engine>, Error>
Engine::client(ClientContext& context, std::string_view server_name, const Session* resume) {
    auto impl = std::make_unique<Impl>(Held<ClientState>::share(context.state()));
    auto& state = *impl->client->get();
    impl->report = std::make_unique<ChainReport>();
    impl->report->trust = &state.trust;
    impl->report->server_name = server_name;
    impl->ssl.reset(wolfSSL_new(state.context.get()));
    WOLFSSL* const ssl = impl->ssl.get();
    if (ssl == nullptr) return std::unexpected(Error{.cause = Cause::out_of_memory});

    wolfSSL_SetIOReadCtx(ssl, &impl->wire);
    wolfSSL_SetIOWriteCtx(ssl, &impl->wire);
    wolfSSL_SetCertCbCtx(ssl, impl->report.get());
    if (!server_name.empty() && !is_address_literal(server_name) &&
        wolfSSL_UseSNI(ssl,
                       WOLFSSL_SNI_HOST_NAME,
                       server_name.data(),
                       static_cast<unsigned short>(server_name.size())) != WOLFSSL_SUCCESS) {
        return std::unexpected(Error{.cause = Cause::own_settings});
    }
    if (resume != nullptr && resume->secrets && resume->server_name == server_name &&
        wolfSSL_set_session(ssl, reinterpret_cast<WOLFSSL_SESSION*>(resume->secrets.get())) ==
            WOLFSSL_SUCCESS) {
        // Stands unless there is a full handshake after all, which reports anew.
        impl->report->verdict = resume->chain;
        impl->report->name_matched = resume->name_matched;
    }
    return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Progress Engine::fail(Error error) {
    error_ = error;
    impl_->ended = true;
    return Progress::failed;
}

// Once `ended`: well or badly.
Progress Engine::ending() const {
    return error_.cause == Cause::none || error_.cause == Cause::closed ? Progress::closed
                                                                        : Progress::failed;
}

// What the library's last answer means: wait, the end, or a failure.
Progress Engine::judge(int result) {
    const int code = wolfSSL_get_error(impl_->ssl.get(), result);
    if (code == WOLFSSL_ERROR_WANT_READ) return Progress::want_input;
    if (impl_->wire.flooded()) return fail({.cause = Cause::flood, .detail = code});
    WOLFSSL_ALERT_HISTORY history{};
    const bool known = wolfSSL_get_alert_history(impl_->ssl.get(), &history) == WOLFSSL_SUCCESS;
    if (code == WOLFSSL_ERROR_ZERO_RETURN || code == ZERO_RETURN) {
        impl_->ended = true;
        error_ = {.cause = Cause::closed};
        return Progress::closed;
    }
    if (known && code == FATAL_ERROR && history.last_rx.level == alert_fatal) {
        return fail({.cause = Cause::peer_alert,
                     .alert = static_cast<std::uint8_t>(history.last_rx.code),
                     .detail = code});
    }
    return fail(error_from_library(code, !impl_->established));
}

Progress Engine::handshake(std::string_view& input, std::string& output) {
    assert(!impl_->established);
    if (impl_->ended) return ending();
    if (!impl_->ssl) {
        const auto progress = read_hello(input, output);
        if (progress != Progress::done) return progress;
    }
    return advance(input, output);
}

// A server before its library object: collects the ClientHello, then begins. `done`: it has begun.
Progress Engine::read_hello(std::string_view& input, std::string& output) {
    auto& hello = *impl_->hello;
    switch (hello.take(input)) {
    case HelloReader::Status::incomplete: return Progress::want_input;
    case HelloReader::Status::complete: return begin_server(output);
    case HelloReader::Status::not_tls:
        append_alert(Alert::unexpected_message, output);
        return fail({.cause = Cause::not_tls});
    case HelloReader::Status::malformed:
        append_alert(Alert::decode_error, output);
        return fail({.cause = Cause::bad_hello});
    case HelloReader::Status::alert:
        return fail({.cause = Cause::peer_alert, .alert = hello.alert()});
    }
    return Progress::failed;
}

Progress Engine::begin_server(std::string& output) {
    const auto hello = read_client_hello(impl_->hello->message());
    if (!hello) {
        append_alert(Alert::decode_error, output);
        return fail({.cause = Cause::bad_hello});
    }
    auto& state = *impl_->server->get();
    peer_.own_certificate = choose_certificate(*hello, state.certificates);
    peer_.sni = lower_case(hello->host_name);
    impl_->ssl.reset(wolfSSL_new(state.contexts[peer_.own_certificate].get()));
    WOLFSSL* const ssl = impl_->ssl.get();
    if (ssl == nullptr) return fail({.cause = Cause::out_of_memory});
    wolfSSL_SetIOReadCtx(ssl, &impl_->wire);
    wolfSSL_SetIOWriteCtx(ssl, &impl_->wire);

    // Longer than any of ours, so from another server of this name: the library would end the
    // handshake over it instead of passing it over.
    if (hello->ticket.size() > ticket_bytes_max) wolfSSL_NoTicketTLSv12(ssl);

    const std::string record = impl_->hello->record();
    impl_->hello.reset();
    std::string_view bytes = record;
    const auto progress = advance(bytes, output);
    return progress == Progress::want_input ? Progress::done : progress;
}

Progress Engine::advance(std::string_view& input, std::string& output) {
    WOLFSSL* const ssl = impl_->ssl.get();
    int result = 0;
    {
        const Wire::Call call(impl_->wire, input, output);
        result = impl_->server ? wolfSSL_accept(ssl) : wolfSSL_connect(ssl);
    }
    if (result != WOLFSSL_SUCCESS) return judge(result);
    impl_->established = true;
    impl_->wire.expect_at_most(empty_records_max);
    note_facts(ssl, peer_);
    if (impl_->report) {
        peer_.chain = impl_->report->verdict;
        peer_.name_matched = impl_->report->name_matched;
    }
    return Progress::done;
}

Engine::Read Engine::read(std::string_view& input, std::span<char> plain, std::string& output) {
    assert(impl_->established || impl_->ended);
    Read result;
    if (impl_->ended) {
        input = {};
        result.progress = ending();
        return result;
    }
    const Wire::Call call(impl_->wire, input, output);
    while (result.bytes < plain.size()) {
        const auto room = std::min(plain.size() - result.bytes, write_bytes_max);
        const int taken =
            wolfSSL_read(impl_->ssl.get(), plain.data() + result.bytes, static_cast<int>(room));
        if (taken > 0) {
            result.bytes += static_cast<std::size_t>(taken);
            impl_->wire.progressed();
            continue;
        }
        const auto before = input.size();
        result.progress = judge(taken);
        if (result.progress != Progress::want_input || input.empty()) return result;
        // The library stops after some messages although more is at hand.
        if (input.size() == before && impl_->wire.flooded()) return result;
    }
    result.progress = Progress::done;
    return result;
}

bool Engine::has_plain() const { return impl_->ssl && wolfSSL_pending(impl_->ssl.get()) > 0; }

Progress Engine::write(std::string_view plain, std::string& output) {
    assert(impl_->established);
    if (impl_->said_farewell || ending() == Progress::failed) return Progress::failed;
    std::string_view nothing;
    const Wire::Call call(impl_->wire, nothing, output);
    while (!plain.empty()) {
        const auto size = std::min(plain.size(), write_bytes_max);
        const int taken = wolfSSL_write(impl_->ssl.get(), plain.data(), static_cast<int>(size));
        if (taken <= 0) {
            return fail(error_from_library(wolfSSL_get_error(impl_->ssl.get(), taken), false));
        }
        plain.remove_prefix(static_cast<std::size_t>(taken));
    }
    return Progress::done;
}

void Engine::close(std::string& output) {
    if (!impl_->ssl || impl_->said_farewell || ending() == Progress::failed) return;
    impl_->said_farewell = true;
    std::string_view nothing;
    {
        const Wire::Call call(impl_->wire, nothing, output);
        wolfSSL_shutdown(impl_->ssl.get());
    }
    impl_->ended = true;
}

std::optional<Session> Engine::session() const {
    if (!impl_->established || !impl_->report) return std::nullopt;
    const auto& state = *impl_->client->get();
    if (peer_.version < Version::tls_1_3 && state.resumption == Resumption::tls_1_3) {
        return std::nullopt;
    }
    WOLFSSL_SESSION* const current = wolfSSL_get1_session(impl_->ssl.get());
    if (current == nullptr) return std::nullopt;
    Session result;
    result.secrets.reset(reinterpret_cast<Session::Secrets*>(current));
    result.server_name = impl_->report->server_name;
    result.chain = peer_.chain;
    result.name_matched = peer_.name_matched;
    return result;
}

} // namespace postern::ssl
