#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>
#include <wolfssl/wolfcrypt/curve25519.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/kdf.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "perf/micro/benchmarks.h"

// What a handshake and a record need of cryptography, by the library that the engine uses.
namespace postern::perf::micro {
namespace {

using Bytes32 = std::array<byte, 32>;

struct Generator {
    WC_RNG rng{};

    Generator() { must(wc_InitRng(&rng) == 0, "no random numbers"); }
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;
    ~Generator() { wc_FreeRng(&rng); }
};

struct EcKey {
    ecc_key key{};

    explicit EcKey(Generator& random) {
        must(wc_ecc_init(&key) == 0 && wc_ecc_make_key(&random.rng, 32, &key) == 0 &&
                 wc_ecc_set_rng(&key, &random.rng) == 0,
             "no P-256 key");
    }
    EcKey(const EcKey&) = delete;
    EcKey& operator=(const EcKey&) = delete;
    ~EcKey() { wc_ecc_free(&key); }
};

void p256_key(benchmark::State& state) {
    Generator random;
    for ([[maybe_unused]] auto _ : state) {
        const EcKey key(random);
    }
}

void p256_sign(benchmark::State& state) {
    Generator random;
    EcKey signer(random);
    const Bytes32 hash{1};
    std::array<byte, ECC_MAX_SIG_SIZE> signature{};
    for ([[maybe_unused]] auto _ : state) {
        word32 bytes = signature.size();
        must(wc_ecc_sign_hash(
                 hash.data(), hash.size(), signature.data(), &bytes, &random.rng, &signer.key) == 0,
             "not signed");
    }
}

void p256_verify(benchmark::State& state) {
    Generator random;
    EcKey signer(random);
    const Bytes32 hash{1};
    std::array<byte, ECC_MAX_SIG_SIZE> signature{};
    word32 bytes = signature.size();
    must(wc_ecc_sign_hash(
             hash.data(), hash.size(), signature.data(), &bytes, &random.rng, &signer.key) == 0,
         "not signed");
    for ([[maybe_unused]] auto _ : state) {
        int valid = 0;
        must(wc_ecc_verify_hash(
                 signature.data(), bytes, hash.data(), hash.size(), &valid, &signer.key) == 0 &&
                 valid == 1,
             "not verified");
    }
}

void p256_ecdh(benchmark::State& state) {
    Generator random;
    EcKey ours(random);
    EcKey theirs(random);
    Bytes32 secret{};
    for ([[maybe_unused]] auto _ : state) {
        word32 bytes = secret.size();
        must(wc_ecc_shared_secret(&ours.key, &theirs.key, secret.data(), &bytes) == 0, "no secret");
    }
}

struct Curve25519Key {
    curve25519_key key{};

    explicit Curve25519Key(Generator& random) {
        must(wc_curve25519_init(&key) == 0 &&
                 wc_curve25519_make_key(&random.rng, CURVE25519_KEYSIZE, &key) == 0,
             "no X25519 key");
    }
    Curve25519Key(const Curve25519Key&) = delete;
    Curve25519Key& operator=(const Curve25519Key&) = delete;
    ~Curve25519Key() { wc_curve25519_free(&key); }
};

void x25519_key(benchmark::State& state) {
    Generator random;
    for ([[maybe_unused]] auto _ : state) {
        const Curve25519Key key(random);
    }
}

void x25519_ecdh(benchmark::State& state) {
    Generator random;
    Curve25519Key ours(random);
    Curve25519Key theirs(random);
    Bytes32 secret{};
    for ([[maybe_unused]] auto _ : state) {
        word32 bytes = secret.size();
        must(wc_curve25519_shared_secret(&ours.key, &theirs.key, secret.data(), &bytes) == 0,
             "no secret");
    }
}

struct RsaKeyOfTests {
    RsaKey key{};

    explicit RsaKeyOfTests(Generator& random) {
        const std::string pem = file_of_tree("tests/ssl/certificates/rsa.key");
        std::vector<byte> text(pem.begin(), pem.end());
        std::vector<byte> der(text.size());
        const int bytes = wc_KeyPemToDer(text.data(),
                                         static_cast<int>(text.size()),
                                         der.data(),
                                         static_cast<int>(der.size()),
                                         nullptr);
        word32 at = 0;
        must(bytes > 0 && wc_InitRsaKey(&key, nullptr) == 0 &&
                 wc_RsaPrivateKeyDecode(der.data(), &at, &key, static_cast<word32>(bytes)) == 0 &&
                 wc_RsaSetRNG(&key, &random.rng) == 0,
             "no RSA key");
    }
    RsaKeyOfTests(const RsaKeyOfTests&) = delete;
    RsaKeyOfTests& operator=(const RsaKeyOfTests&) = delete;
    ~RsaKeyOfTests() { wc_FreeRsaKey(&key); }
};

void rsa_sign(benchmark::State& state) {
    Generator random;
    RsaKeyOfTests signer(random);
    const Bytes32 hash{1};
    std::array<byte, 256> signature{};
    for ([[maybe_unused]] auto _ : state) {
        must(wc_RsaPSS_Sign(hash.data(),
                            hash.size(),
                            signature.data(),
                            signature.size(),
                            WC_HASH_TYPE_SHA256,
                            WC_MGF1SHA256,
                            &signer.key,
                            &random.rng) == static_cast<int>(signature.size()),
             "not signed");
    }
}

constexpr std::size_t record_bytes = 16384; // RFC 8446 5.1

void aes_gcm(benchmark::State& state) {
    const auto key_bytes = static_cast<word32>(state.range(0) / 8);
    const Bytes32 key{1};
    const std::array<byte, 12> nonce{2};
    const std::array<byte, 5> header{3};
    std::array<byte, 16> tag{};
    std::vector<byte> record(record_bytes);
    Aes aes{};
    must(wc_AesInit(&aes, nullptr, INVALID_DEVID) == 0 &&
             wc_AesGcmSetKey(&aes, key.data(), key_bytes) == 0,
         "no AES");
    for ([[maybe_unused]] auto _ : state) {
        must(wc_AesGcmEncrypt(&aes,
                              record.data(),
                              record.data(),
                              record_bytes,
                              nonce.data(),
                              nonce.size(),
                              tag.data(),
                              tag.size(),
                              header.data(),
                              header.size()) == 0,
             "not encrypted");
    }
    wc_AesFree(&aes);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(record_bytes));
}

void chacha20_poly1305(benchmark::State& state) {
    const Bytes32 key{1};
    const std::array<byte, 12> nonce{2};
    const std::array<byte, 5> header{3};
    std::array<byte, 16> tag{};
    std::vector<byte> record(record_bytes);
    for ([[maybe_unused]] auto _ : state) {
        must(wc_ChaCha20Poly1305_Encrypt(key.data(),
                                         nonce.data(),
                                         header.data(),
                                         header.size(),
                                         record.data(),
                                         record_bytes,
                                         record.data(),
                                         tag.data()) == 0,
             "not encrypted");
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(record_bytes));
}

void sha256(benchmark::State& state) {
    const std::vector<byte> text(record_bytes, 1);
    Bytes32 hash{};
    for ([[maybe_unused]] auto _ : state) {
        must(wc_Sha256Hash(text.data(), record_bytes, hash.data()) == 0, "not hashed");
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(record_bytes));
}

// One step of the key schedule (RFC 8446 7.1): an HMAC, as all of its steps are.
void hkdf_expand(benchmark::State& state) {
    const Bytes32 secret{1};
    const Bytes32 hash{2};
    Bytes32 out{};
    const std::string protocol = "tls13 ";
    const std::string label = "c hs traffic";
    const std::vector<byte> protocol_bytes(protocol.begin(), protocol.end());
    const std::vector<byte> label_bytes(label.begin(), label.end());
    for ([[maybe_unused]] auto _ : state) {
        must(wc_Tls13_HKDF_Expand_Label(out.data(),
                                        out.size(),
                                        secret.data(),
                                        secret.size(),
                                        protocol_bytes.data(),
                                        static_cast<word32>(protocol_bytes.size()),
                                        label_bytes.data(),
                                        static_cast<word32>(label_bytes.size()),
                                        hash.data(),
                                        hash.size(),
                                        WC_SHA256) == 0,
             "not expanded");
    }
}

} // namespace

void add_primitives() {
    benchmark::RegisterBenchmark("p256/key", p256_key);
    benchmark::RegisterBenchmark("p256/sign", p256_sign);
    benchmark::RegisterBenchmark("p256/verify", p256_verify);
    benchmark::RegisterBenchmark("p256/ecdh", p256_ecdh);
    benchmark::RegisterBenchmark("x25519/key", x25519_key);
    benchmark::RegisterBenchmark("x25519/ecdh", x25519_ecdh);
    benchmark::RegisterBenchmark("rsa_2048/sign", rsa_sign);
    benchmark::RegisterBenchmark("aes_gcm", aes_gcm)->Arg(128)->Arg(256);
    benchmark::RegisterBenchmark("chacha20_poly1305", chacha20_poly1305);
    benchmark::RegisterBenchmark("sha256", sha256);
    benchmark::RegisterBenchmark("hkdf_expand", hkdf_expand);
}

} // namespace postern::perf::micro
