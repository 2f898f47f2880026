#include "ssl/key_match.h"

#include "ssl/der.h"

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include <array>
#include <optional>
#include <string>

namespace postern::ssl {

namespace {

constexpr std::size_t point_bytes_max = 1 + 2 * 48; // P-384, uncompressed
constexpr std::size_t modulus_bytes_max = 8192 / 8;

// The library's objects, from birth to release. Zeroed first, so that releasing one is always safe.
class EccKey {
public:
    EccKey() { wc_ecc_init(&key_); }
    EccKey(const EccKey&) = delete;
    EccKey& operator=(const EccKey&) = delete;
    ~EccKey() { wc_ecc_free(&key_); }
    [[nodiscard]] ecc_key* get() { return &key_; }

private:
    ecc_key key_{};
};

class RsaPair {
public:
    RsaPair() { wc_InitRsaKey(&key_, nullptr); }
    RsaPair(const RsaPair&) = delete;
    RsaPair& operator=(const RsaPair&) = delete;
    ~RsaPair() { wc_FreeRsaKey(&key_); }
    [[nodiscard]] RsaKey* get() { return &key_; }

private:
    RsaKey key_{};
};

class Generator {
public:
    Generator() : usable_(wc_InitRng(&generator_) == 0) {}
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;
    ~Generator() { wc_FreeRng(&generator_); }
    [[nodiscard]] WC_RNG* get() { return usable_ ? &generator_ : nullptr; }

private:
    WC_RNG generator_{};
    bool usable_;
};

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text_of(const unsigned char* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

// DER of the key, without the envelope of PKCS#8.
std::optional<std::string> der_of(std::string_view key_pem) {
    std::string der(key_pem.size(), '\0');
    const int size = wc_KeyPemToDer(bytes_of(key_pem),
                                    static_cast<int>(key_pem.size()),
                                    reinterpret_cast<unsigned char*>(der.data()),
                                    static_cast<int>(der.size()),
                                    nullptr);
    if (size <= 0) return std::nullopt;
    der.resize(static_cast<std::size_t>(size));
    return der;
}

std::optional<std::string> point_of(std::string_view der) {
    EccKey key;
    Generator random;
    word32 index = 0;
    std::array<unsigned char, point_bytes_max> point{};
    word32 size = point.size();
    if (random.get() == nullptr ||
        wc_EccPrivateKeyDecode(bytes_of(der), &index, key.get(), static_cast<word32>(der.size())) !=
            0 ||
        wc_ecc_make_pub_ex(key.get(), nullptr, random.get()) != 0 ||
        wc_ecc_export_x963(key.get(), point.data(), &size) != 0) {
        return std::nullopt;
    }
    return text_of(point.data(), size);
}

std::optional<std::string> modulus_of_private(std::string_view der) {
    RsaPair key;
    word32 index = 0;
    std::array<unsigned char, modulus_bytes_max> modulus{};
    std::array<unsigned char, modulus_bytes_max> exponent{};
    word32 modulus_size = modulus.size();
    word32 exponent_size = exponent.size();
    if (wc_RsaPrivateKeyDecode(bytes_of(der), &index, key.get(), static_cast<word32>(der.size())) !=
            0 ||
        wc_RsaFlattenPublicKey(
            key.get(), exponent.data(), &exponent_size, modulus.data(), &modulus_size) != 0) {
        return std::nullopt;
    }
    return text_of(modulus.data(), modulus_size);
}

std::optional<std::string> modulus_of_public(std::string_view public_key) {
    DerReader outer{public_key};
    const auto key = outer.next(Tag::sequence);
    if (!key) return std::nullopt;
    DerReader numbers{key->content};
    const auto modulus = numbers.next(Tag::integer);
    if (!modulus) return std::nullopt;
    auto digits = modulus->content;
    if (digits.starts_with('\0')) digits.remove_prefix(1); // a sign, no digit
    return std::string(digits);
}

} // namespace

bool key_matches(const CertificateFacts& certificate, std::string_view key_pem) {
    const auto der = der_of(key_pem);
    if (!der) return false;
    switch (certificate.key_type) {
    case KeyType::ecdsa_p256:
    case KeyType::ecdsa_p384: return point_of(*der) == certificate.public_key;
    case KeyType::rsa: {
        const auto modulus = modulus_of_private(*der);
        return modulus && modulus == modulus_of_public(certificate.public_key);
    }
    case KeyType::other: return false;
    }
    return false;
}

} // namespace postern::ssl
