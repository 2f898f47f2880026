#include "ssl/context.h"

#include "ssl/chain_callback.h"
#include "ssl/context_state.h"
#include "ssl/library.h"
#include "ssl/ticket_callback.h"
#include "ssl/wire.h"

#include <wolfssl/ssl.h>

#include <algorithm>
#include <array>
#include <string>

namespace postern::ssl {

namespace {

constexpr auto suites_modern = "TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384:"
                               "TLS13-CHACHA20-POLY1305-SHA256:"
                               "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                               "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                               "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

// What TLS 1.0 and 1.1 have with forward secrecy.
constexpr auto suites_old = ":ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:"
                            "ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA";

int number_of(Version version) {
    switch (version) {
    case Version::tls_1_0: return WOLFSSL_TLSV1;
    case Version::tls_1_1: return WOLFSSL_TLSV1_1;
    case Version::tls_1_2: return WOLFSSL_TLSV1_2;
    case Version::tls_1_3: return WOLFSSL_TLSV1_3;
    }
    return WOLFSSL_TLSV1_3;
}

long versions_above(Version maximum) {
    long options = 0;
    if (maximum < Version::tls_1_3) options |= WOLFSSL_OP_NO_TLSv1_3;
    if (maximum < Version::tls_1_2) options |= WOLFSSL_OP_NO_TLSv1_2;
    if (maximum < Version::tls_1_1) options |= WOLFSSL_OP_NO_TLSv1_1;
    return options;
}

const unsigned char* bytes_of(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// What both sides have in common. False: the library does not have what we ask of it.
bool configure(WOLFSSL_CTX* context, Version minimum, Version maximum) {
    std::string suites = suites_modern;
    if (minimum < Version::tls_1_2) suites += suites_old;
    std::array<int, 3> groups{WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP384R1};

    if (wolfSSL_CTX_SetMinVersion(
            context, number_of(std::max(minimum, Library::oldest_version()))) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set_cipher_list(context, suites.c_str()) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set_groups(context, groups.data(), static_cast<int>(groups.size())) !=
            WOLFSSL_SUCCESS) {
        return false;
    }
#ifdef SINGLE_THREADED
    // One generator of random numbers for all connections of the core, instead of one each.
    if (wolfSSL_CTX_new_rng(context) != WOLFSSL_SUCCESS) return false;
#endif
    if (maximum < Version::tls_1_3) wolfSSL_CTX_set_options(context, versions_above(maximum));
    wolfSSL_CTX_SetIORecv(context, receive_from_wire);
    wolfSSL_CTX_SetIOSend(context, send_to_wire);
    wolfSSL_CTX_set_timeout(context, static_cast<unsigned>(ticket_lifetime.count()));
    return true;
}

std::expected<ContextHandle, Error>
make_server(const Certificate& certificate, const ServerSettings& settings, ServerState& state) {
    ContextHandle context(wolfSSL_CTX_new(wolfSSLv23_server_method()));
    if (!context) return std::unexpected(Error{.cause = Cause::out_of_memory});
    if (!configure(context.get(), settings.minimum_version, settings.maximum_version)) {
        return std::unexpected(Error{.cause = Cause::own_settings});
    }
    const auto& chain = certificate.chain_pem();
    const auto& key = certificate.key_pem();
    if (wolfSSL_CTX_use_certificate_chain_buffer(
            context.get(), bytes_of(chain), static_cast<long>(chain.size())) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_use_PrivateKey_buffer(
            context.get(), bytes_of(key), static_cast<long>(key.size()), WOLFSSL_FILETYPE_PEM) !=
            WOLFSSL_SUCCESS) {
        return std::unexpected(Error{.cause = Cause::own_certificate});
    }
    wolfSSL_CTX_set_verify(
        context.get(), WOLFSSL_VERIFY_NONE, nullptr); // clients have no certificate
    wolfSSL_CTX_set_session_cache_mode(context.get(), WOLFSSL_SESS_CACHE_OFF);
    seal_tickets_with(context.get(), state);
    return context;
}

} // namespace

void ReleaseContext::operator()(WOLFSSL_CTX* context) const { wolfSSL_CTX_free(context); }

std::expected<std::unique_ptr<ServerContext>, Error>
ServerContext::make(const ServerSettings& settings, const TicketKeys& keys) {
    if (settings.certificates.empty()) {
        return std::unexpected(Error{.cause = Cause::own_certificate});
    }
    auto random = Random::open();
    if (!random) return std::unexpected(random.error());
    auto state = std::make_unique<ServerState>(keys);
    state->random = std::move(*random);
    for (const auto& certificate : settings.certificates) {
        auto context = make_server(certificate, settings, *state);
        if (!context) return std::unexpected(context.error());
        state->contexts.push_back(std::move(*context));
        state->certificates.push_back(certificate.facts());
    }
    return std::unique_ptr<ServerContext>(new ServerContext(state.release()));
}

ServerContext::~ServerContext() { const auto last = Held<ServerState>::adopt(state_); }

void ServerContext::set_ticket_keys(const TicketKeys& keys) { state_->keys = keys; }

std::expected<std::unique_ptr<ClientContext>, Error>
ClientContext::make(const ClientSettings& settings, const TrustStore* trust) {
    auto state = std::make_unique<ClientState>();
    state->context.reset(wolfSSL_CTX_new(wolfSSLv23_client_method()));
    if (!state->context) return std::unexpected(Error{.cause = Cause::out_of_memory});
    if (!configure(state->context.get(), settings.minimum_version, settings.maximum_version)) {
        return std::unexpected(Error{.cause = Cause::own_settings});
    }
    // Neither refuses a chain nor remembers one: see chain.h. The callback is handed the chain.
    wolfSSL_CTX_set_verify(state->context.get(), WOLFSSL_VERIFY_NONE, take_chain);
    wolfSSL_CTX_UseSessionTicket(state->context.get());
    state->resumption = settings.resumption;
    if (trust != nullptr) state->trust = *trust;
    return std::unique_ptr<ClientContext>(new ClientContext(state.release()));
}

ClientContext::~ClientContext() { const auto last = Held<ClientState>::adopt(state_); }

} // namespace postern::ssl
