#pragma once

#include "ssl/context.h"
#include "ssl/random.h"
#include "ssl/ticket.h"
#include "ssl/trust.h"
#include "ssl/x509.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

struct WOLFSSL_CTX;

namespace postern::ssl {

struct ReleaseContext {
    void operator()(WOLFSSL_CTX* context) const;
};

using ContextHandle = std::unique_ptr<WOLFSSL_CTX, ReleaseContext>;

// What a ServerContext and the engines made from it share. Counted, because a reload replaces the
// context while its connections live; all of them are on one core, so the count is a plain number.
struct ServerState {
    explicit ServerState(const TicketKeys& ticket_keys) : keys(ticket_keys) {}

    unsigned users = 1;
    TicketKeys keys;
    std::unique_ptr<Random> random; // for the nonces of tickets
    // The library knows one certificate per context, so there is one for each.
    std::vector<ContextHandle> contexts;
    std::vector<CertificateFacts> certificates; // of the same index
};

// Likewise for a ClientContext.
struct ClientState {
    unsigned users = 1;
    ContextHandle context;
    std::optional<TrustStore> trust;
    Resumption resumption = Resumption::tls_1_3;
};

// A share in a state, for as long as the holder lives.
template<typename State>
class Held {
public:
    // Takes over the share that somebody has counted already.
    [[nodiscard]] static Held adopt(State* state) { return Held(state); }

    [[nodiscard]] static Held share(State& state) {
        ++state.users;
        return Held(&state);
    }

    Held(Held&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    Held& operator=(Held&&) = delete;

    ~Held() {
        // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDelete): it takes a moved-from holder for one
        if (state_ == nullptr || --state_->users != 0) return;
        const std::unique_ptr<State> last(state_);
    }

    [[nodiscard]] State* get() const { return state_; }
    [[nodiscard]] State* operator->() const { return state_; }

private:
    explicit Held(State* state) : state_(state) {}

    State* state_;
};

} // namespace postern::ssl
