#include "ssl/chain_callback.h"

#include "ssl/chain.h"
#include "ssl/name_match.h"
#include "ssl/x509.h"

#include <wolfssl/ssl.h>

#include <string_view>
#include <vector>

namespace postern::ssl {

int take_chain(int /*accepted*/, WOLFSSL_X509_STORE_CTX* store) {
    constexpr int goes_on = 1;
    // Some builds of the library call for every certificate; the one of depth 0 is the server's.
    if (store->error_depth != 0 || store->userCtx == nullptr) return goes_on;
    auto& report = *static_cast<ChainReport*>(store->userCtx);

    std::vector<std::string_view> chain;
    for (int i = 0; i < store->totalCerts; ++i) {
        const auto& certificate = store->certs[i];
        chain.emplace_back(reinterpret_cast<const char*>(certificate.buffer), certificate.length);
    }
    if (chain.empty()) return goes_on;
    report.verdict = report.trust->has_value() ? judge_chain(chain, **report.trust)
                                               : ChainVerdict::store_unusable;
    const auto facts = read_certificate(chain.front());
    report.name_matched = facts && name_matches(*facts, report.server_name);
    return goes_on;
}

} // namespace postern::ssl
