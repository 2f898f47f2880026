#include "ssl/trust.h"

#include "ssl/pem.h"
#include "ssl/x509.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace postern::ssl {

std::expected<TrustStore, Error> TrustStore::from_text(std::string_view pem) {
    auto blocks = read_pem(pem, "CERTIFICATE");
    TrustStore store;
    store.unreadable_ = blocks.damaged;
    for (auto& der : blocks.der) {
        auto facts = read_certificate(der);
        if (!facts) {
            ++store.unreadable_;
            continue;
        }
        store.anchors_.push_back({.der = std::move(der), .subject = std::move(facts->subject)});
    }
    if (store.anchors_.empty()) return std::unexpected(Error{.cause = Cause::own_trust_store});
    std::ranges::sort(store.anchors_, {}, &TrustAnchor::subject);
    return store;
}

std::expected<TrustStore, Error> TrustStore::from_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream pem;
    if (!file.is_open() || !(pem << file.rdbuf())) { // a directory opens, but gives nothing
        return std::unexpected(Error{.cause = Cause::own_trust_store});
    }
    return from_text(pem.view());
}

std::span<const TrustAnchor> TrustStore::with_subject(std::string_view subject) const {
    const auto found = std::ranges::equal_range(anchors_, subject, {}, &TrustAnchor::subject);
    return {found.begin(), found.end()};
}

} // namespace postern::ssl
