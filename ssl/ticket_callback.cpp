#include "ssl/ticket_callback.h"

#include "ssl/context_state.h"
#include "ssl/random.h"
#include "ssl/ticket.h"

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/aes.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace postern::ssl {

namespace {

constexpr std::size_t nonce_bytes = 12; // of the 16 that a ticket has room for
constexpr std::size_t tag_bytes = 16;   // of 32
constexpr std::size_t ticket_bytes_max = 1024;

// A cipher under one ticket key, from setting the key to forgetting it.
class Cipher {
public:
    explicit Cipher(const TicketKey& key)
        : usable_(wc_AesInit(&aes_, nullptr, INVALID_DEVID) == 0 &&
                  wc_AesGcmSetKey(
                      &aes_, key.secret.data(), static_cast<word32>(key.secret.size())) == 0) {}
    Cipher(const Cipher&) = delete;
    Cipher& operator=(const Cipher&) = delete;
    ~Cipher() { wc_AesFree(&aes_); }

    [[nodiscard]] Aes* get() { return usable_ ? &aes_ : nullptr; }

private:
    Aes aes_{};
    bool usable_;
};

// The fields of a ticket, as the library lays them out.
struct Ticket {
    unsigned char* name;  // 16, says which key; authenticated
    unsigned char* nonce; // 16
    unsigned char* tag;   // 32
    std::span<unsigned char> body;
};

int seal(const TicketKey& key, Random& random, const Ticket& ticket) {
    std::copy(key.name.begin(), key.name.end(), ticket.name);
    std::fill_n(ticket.tag, WOLFSSL_TICKET_MAC_SZ, static_cast<unsigned char>(0));
    Cipher cipher(key);
    if (!random.fill({ticket.nonce, WOLFSSL_TICKET_IV_SZ}) || cipher.get() == nullptr ||
        wc_AesGcmEncrypt(cipher.get(),
                         ticket.body.data(),
                         ticket.body.data(),
                         static_cast<word32>(ticket.body.size()),
                         ticket.nonce,
                         nonce_bytes,
                         ticket.tag,
                         tag_bytes,
                         ticket.name,
                         WOLFSSL_TICKET_NAME_SZ) != 0) {
        return WOLFSSL_TICKET_RET_FATAL;
    }
    return WOLFSSL_TICKET_RET_OK;
}

int open(std::span<const TicketKey> keys, const Ticket& ticket) {
    const auto key = std::ranges::find_if(keys, [&](const TicketKey& candidate) {
        return std::memcmp(candidate.name.data(), ticket.name, candidate.name.size()) == 0;
    });
    // Foreign, or sealed with a key that has been forgotten: a full handshake, and no fuss.
    if (key == keys.end() || ticket.body.size() > ticket_bytes_max) {
        return WOLFSSL_TICKET_RET_REJECT;
    }
    std::array<unsigned char, ticket_bytes_max> plain{};
    Cipher cipher(*key);
    if (cipher.get() == nullptr || wc_AesGcmDecrypt(cipher.get(),
                                                    plain.data(),
                                                    ticket.body.data(),
                                                    static_cast<word32>(ticket.body.size()),
                                                    ticket.nonce,
                                                    nonce_bytes,
                                                    ticket.tag,
                                                    tag_bytes,
                                                    ticket.name,
                                                    WOLFSSL_TICKET_NAME_SZ) != 0) {
        return WOLFSSL_TICKET_RET_REJECT;
    }
    std::ranges::copy_n(plain.begin(), std::ssize(ticket.body), ticket.body.begin());
    // An older key still opens, but the client is given a ticket under the present one.
    return key == keys.begin() ? WOLFSSL_TICKET_RET_OK : WOLFSSL_TICKET_RET_CREATE;
}

// NOLINTNEXTLINE(readability-function-size): the library's signature
int on_ticket(WOLFSSL* /*ssl*/,
              unsigned char name[WOLFSSL_TICKET_NAME_SZ],
              unsigned char nonce[WOLFSSL_TICKET_IV_SZ],
              unsigned char tag[WOLFSSL_TICKET_MAC_SZ],
              int sealing,
              unsigned char* body,
              int body_bytes,
              int* result_bytes,
              void* user) {
    auto& state = *static_cast<ServerState*>(user);
    const Ticket ticket{.name = name,
                        .nonce = nonce,
                        .tag = tag,
                        .body = {body, static_cast<std::size_t>(std::max(body_bytes, 0))}};
    *result_bytes = body_bytes; // a stream cipher: as long as before
    return sealing != 0 ? seal(state.keys.sealing(), *state.random, ticket)
                        : open(state.keys.opening(), ticket);
}

} // namespace

void seal_tickets_with(WOLFSSL_CTX* context, ServerState& state) {
    wolfSSL_CTX_set_TicketEncCb(context, on_ticket);
    wolfSSL_CTX_set_TicketEncCtx(context, &state);
    wolfSSL_CTX_set_TicketHint(context, static_cast<int>(ticket_lifetime.count()));
}

} // namespace postern::ssl
