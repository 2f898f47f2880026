#pragma once

#include "ssl/error.h"

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::ssl {

// One CA we trust, whatever it says of itself.
struct TrustAnchor {
    std::string der;
    std::string subject; // DER of the Name
};

// The CAs we trust, loaded once and then immutable; every core builds its ClientContext from it. An
// unreadable trust store is our fault (COMPLIANCE O19): the error says own_trust_store.
class TrustStore {
public:
    // A bundle in PEM. Certificates in it that cannot be read are counted and left out; a bundle
    // without a single usable one is an error.
    [[nodiscard]] static std::expected<TrustStore, Error> from_text(std::string_view pem);

    // The same from a file.
    [[nodiscard]] static std::expected<TrustStore, Error> from_file(const std::string& path);

    [[nodiscard]] std::size_t authorities() const { return anchors_.size(); }
    [[nodiscard]] std::size_t unreadable() const { return unreadable_; }

    // All anchors of that name: there are several while a CA changes its key.
    [[nodiscard]] std::span<const TrustAnchor> with_subject(std::string_view subject) const;

private:
    TrustStore() = default;

    std::vector<TrustAnchor> anchors_; // sorted by subject
    std::size_t unreadable_ = 0;
};

} // namespace postern::ssl
