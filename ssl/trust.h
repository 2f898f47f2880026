#pragma once

#include "ssl/error.h"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace postern::ssl {

// The CAs we trust, loaded once and then immutable; every core builds its ClientContext from it. An
// unreadable trust store is our fault (COMPLIANCE O19): the error says own_trust_store.
class TrustStore {
public:
    // A bundle in PEM. Certificates in it that cannot be read are counted and left out; a bundle
    // without a single usable one is an error.
    [[nodiscard]] static std::expected<TrustStore, Error> from_text(std::string_view pem);

    // The same from a file.
    [[nodiscard]] static std::expected<TrustStore, Error> from_file(const std::string& path);

    [[nodiscard]] std::size_t authorities() const { return der_.size(); }
    [[nodiscard]] std::size_t unreadable() const { return unreadable_; }

    // For ClientContext.
    [[nodiscard]] const std::vector<std::string>& certificates_der() const { return der_; }

private:
    TrustStore() = default;

    std::vector<std::string> der_;
    std::size_t unreadable_ = 0;
};

} // namespace postern::ssl
