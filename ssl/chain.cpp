#include "ssl/chain.h"

#include "ssl/x509.h"

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace postern::ssl {

namespace {

constexpr unsigned paths_tried_max = 8; // cross-signed chains have two or three
constexpr unsigned rsa_bits_min = 2048;

struct Link {
    std::string_view der;
    CertificateFacts facts;
};

using Path = std::vector<const Link*>; // the server's certificate first

struct Release {
    void operator()(WOLFSSL_CERT_MANAGER* checker) const { wolfSSL_CertManagerFree(checker); }
};

const unsigned char* bytes_of(std::string_view der) {
    return reinterpret_cast<const unsigned char*>(der.data());
}

ChainVerdict verdict_from(int code) {
    switch (code) {
    case ASN_AFTER_DATE_E: return ChainVerdict::expired;
    case ASN_BEFORE_DATE_E: return ChainVerdict::not_yet_valid;
    case ASN_SIG_CONFIRM_E:
    case ASN_SIG_HASH_E:
    case ASN_SIG_KEY_E:
    case ASN_SIG_OID_E: return ChainVerdict::bad_signature;
    case ASN_NO_SIGNER_E:
    case ASN_SELF_SIGNED_E: return ChainVerdict::unknown_ca;
    case ASN_NAME_INVALID_E:
    case ASN_PATHLEN_INV_E:
    case ASN_PATHLEN_SIZE_E:
    case ASN_CRIT_EXT_E:
    case KEYUSAGE_E:
    case EXTKEYUSAGE_E:
    case NOT_CA_ERROR: return ChainVerdict::unsuitable;
    case MEMORY_E:
    case MEMORY_ERROR: return ChainVerdict::store_unusable;
    default: return ChainVerdict::unreadable;
    }
}

// One path from an anchor down to the server's certificate, checked by the library with an empty
// set of authorities that grows only by what has been checked.
ChainVerdict check_path(const Path& path, const TrustAnchor& anchor) {
    const std::unique_ptr<WOLFSSL_CERT_MANAGER, Release> checker(wolfSSL_CertManagerNew());
    if (!checker) return ChainVerdict::store_unusable;
    const auto trust = [&](std::string_view der) {
        return wolfSSL_CertManagerLoadCABuffer(
            checker.get(), bytes_of(der), static_cast<long>(der.size()), WOLFSSL_FILETYPE_ASN1);
    };
    if (const int loaded = trust(anchor.der); loaded != WOLFSSL_SUCCESS) {
        return verdict_from(loaded);
    }
    for (auto step = path.rbegin(); step != path.rend(); ++step) {
        const auto& link = **step;
        const int verified = wolfSSL_CertManagerVerifyBuffer(checker.get(),
                                                             bytes_of(link.der),
                                                             static_cast<long>(link.der.size()),
                                                             WOLFSSL_FILETYPE_ASN1);
        if (verified != WOLFSSL_SUCCESS) return verdict_from(verified);
        if (link.facts.weak_signature) return ChainVerdict::unsuitable;
        if (&link == path.front()) break;
        if (const int loaded = trust(link.der); loaded != WOLFSSL_SUCCESS) {
            return verdict_from(loaded);
        }
    }
    return ChainVerdict::trusted;
}

// Depth first from the server's certificate upwards, an anchor before another intermediate.
class Search {
public:
    Search(const std::vector<Link>& links, const TrustStore& trust)
        : links_(links), trust_(trust) {}

    // `trusted`, else why the first path failed; empty: no path leads to an anchor.
    [[nodiscard]] std::optional<ChainVerdict> run() {
        path_.push_back(&links_.front());
        climb();
        return verdict_;
    }

private:
    void climb() {
        const auto& issuer = path_.back()->facts.issuer;
        for (const auto& anchor : trust_.with_subject(issuer)) {
            if (finished() || tried_ == paths_tried_max) return;
            ++tried_;
            note(check_path(path_, anchor));
        }
        for (const auto& link : links_) {
            if (finished()) return;
            if (link.facts.subject != issuer || std::ranges::find(path_, &link) != path_.end()) {
                continue;
            }
            if (!link.facts.is_authority) {
                stray_ = true;
                continue;
            }
            path_.push_back(&link);
            climb();
            path_.pop_back();
        }
        if (path_.size() == 1 && !verdict_ && stray_) note(ChainVerdict::unsuitable);
    }

    [[nodiscard]] bool finished() const { return verdict_ == ChainVerdict::trusted; }

    void note(ChainVerdict verdict) {
        if (!verdict_ || verdict == ChainVerdict::trusted) verdict_ = verdict;
    }

    const std::vector<Link>& links_;
    const TrustStore& trust_;
    Path path_;
    std::optional<ChainVerdict> verdict_;
    unsigned tried_ = 0;
    bool stray_ = false; // an issuer that may not issue
};

// The reason why no path leads anywhere.
ChainVerdict dead_end(const std::vector<Link>& links) {
    const auto self_issued = [](const Link& link) {
        return link.facts.subject == link.facts.issuer;
    };
    if (self_issued(links.front())) return ChainVerdict::self_signed;
    return links.size() == 1 ? ChainVerdict::incomplete : ChainVerdict::unknown_ca;
}

ChainVerdict judge_dates(const CertificateFacts& facts) {
    const auto now = std::chrono::system_clock::now();
    if (now < facts.not_before) return ChainVerdict::not_yet_valid;
    if (now > facts.not_after) return ChainVerdict::expired;
    return ChainVerdict::trusted;
}

bool is_pinned(const Link& leaf, const TrustStore& trust) {
    return std::ranges::any_of(trust.with_subject(leaf.facts.subject),
                               [&](const TrustAnchor& anchor) { return anchor.der == leaf.der; });
}

} // namespace

ChainVerdict judge_chain(std::span<const std::string_view> chain, const TrustStore& trust) {
    if (chain.empty()) return ChainVerdict::none_presented;
    std::vector<Link> links;
    for (const auto der : chain.first(std::min(chain.size(), chain_certificates_max))) {
        auto facts = read_certificate(der);
        if (!facts && links.empty()) return ChainVerdict::unreadable;
        if (facts) links.push_back({.der = der, .facts = std::move(*facts)});
    }
    const auto& leaf = links.front();
    if (is_pinned(leaf, trust)) return judge_dates(leaf.facts);

    const auto verdict = Search(links, trust).run();
    if (!verdict) return dead_end(links);
    const bool short_key =
        leaf.facts.key_type == KeyType::rsa && leaf.facts.key_bits < rsa_bits_min;
    if (*verdict == ChainVerdict::trusted && (!leaf.facts.for_servers || short_key)) {
        return ChainVerdict::unsuitable;
    }
    return *verdict;
}

} // namespace postern::ssl
