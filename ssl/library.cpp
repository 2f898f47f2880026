#include "ssl/library.h"

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>
#include <wolfssl/wolfcrypt/curve25519.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/sha512.h>

#include <array>

namespace postern::ssl {

namespace {

// Uses every primitive once. The library finds out what the processor can do when it first needs to
// know, and keeps it in plain variables: better now than by several cores at the same moment.
bool warm_up() {
    WC_RNG random;
    if (wc_InitRng(&random) != 0) return false;

    const std::array<unsigned char, 32> zeros{};
    std::array<unsigned char, 64> out{};
    std::array<unsigned char, 16> tag{};
    bool fine = wc_Sha256Hash(zeros.data(), zeros.size(), out.data()) == 0 &&
                wc_Sha384Hash(zeros.data(), zeros.size(), out.data()) == 0 &&
                wc_Sha512Hash(zeros.data(), zeros.size(), out.data()) == 0;

    Aes aes{};
    fine = fine && wc_AesInit(&aes, nullptr, INVALID_DEVID) == 0;
    fine =
        fine && wc_AesGcmSetKey(&aes, zeros.data(), 16) == 0 &&
        wc_AesGcmEncrypt(
            &aes, out.data(), zeros.data(), 32, zeros.data(), 12, tag.data(), 16, nullptr, 0) == 0;
    wc_AesFree(&aes);
    fine =
        fine &&
        wc_ChaCha20Poly1305_Encrypt(
            zeros.data(), zeros.data(), nullptr, 0, zeros.data(), 32, out.data(), tag.data()) == 0;

    curve25519_key x25519{};
    fine = fine && wc_curve25519_init(&x25519) == 0 &&
           wc_curve25519_make_key(&random, CURVE25519_KEYSIZE, &x25519) == 0;
    wc_curve25519_free(&x25519);
    ecc_key p256{};
    fine = fine && wc_ecc_init(&p256) == 0 && wc_ecc_make_key(&random, 32, &p256) == 0;
    wc_ecc_free(&p256);

    wc_FreeRng(&random);
    return fine;
}

} // namespace

std::expected<std::unique_ptr<Library>, Error> Library::open() {
    if (wolfSSL_Init() != WOLFSSL_SUCCESS) {
        return std::unexpected(Error{.cause = Cause::internal});
    }
    std::unique_ptr<Library> library(new Library);
    if (!warm_up()) return std::unexpected(Error{.cause = Cause::no_entropy});
    return library;
}

std::string_view Library::version() { return "wolfSSL " LIBWOLFSSL_VERSION_STRING; }

Version Library::oldest_version() {
#if defined(NO_OLD_TLS)
    return Version::tls_1_2;
#elif defined(WOLFSSL_ALLOW_TLSV10)
    return Version::tls_1_0;
#else
    return Version::tls_1_1;
#endif
}

Library::~Library() { wolfSSL_Cleanup(); }

ThreadMemory::~ThreadMemory() {
#ifdef FP_ECC
    wc_ecc_fp_free();
#endif
}

} // namespace postern::ssl
