#include "ssl/choice.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace postern::ssl {

namespace {

using namespace std::string_view_literals;

CertificateFacts certificate(KeyType key, std::vector<std::string> names) {
    CertificateFacts facts;
    facts.key_type = key;
    facts.names = std::move(names);
    return facts;
}

// What clients say.
ClientHello modern() {
    ClientHello hello;
    hello.supported_versions = "\x03\x04\x03\x03"sv;
    hello.signature_algorithms = "\x04\x03\x05\x03\x08\x04\x04\x01"sv;
    hello.supported_groups = "\x00\x1d\x00\x17\x00\x18"sv;
    hello.cipher_suites = "\x13\x01\xc0\x2b\xc0\x2f"sv;
    return hello;
}

ClientHello rsa_only() {
    auto hello = modern();
    hello.signature_algorithms = "\x08\x04\x04\x01"sv;
    return hello;
}

ClientHello tls_1_2(std::string_view suites) {
    auto hello = modern();
    hello.supported_versions = {};
    hello.cipher_suites = suites;
    return hello;
}

} // namespace

TEST_CASE("who can verify what", "[ssl]") {
    struct Row {
        std::string_view name;
        ClientHello hello;
        bool p256;
        bool p384;
        bool rsa;
    };
    auto no_p384 = modern();
    no_p384.signature_algorithms = "\x04\x03"sv;
    auto no_lists = tls_1_2("\xc0\x2b\xc0\x2f"sv);
    no_lists.signature_algorithms = {};
    no_lists.supported_groups = {};
    auto p256_only = tls_1_2("\xc0\x2b"sv);
    p256_only.supported_groups = "\x00\x17"sv;
    const Row row = GENERATE_COPY(values<Row>({
        {"modern", modern(), true, true, true},
        {"RSA only", rsa_only(), false, false, true},
        {"no P-384", no_p384, true, false, false},
        {"1.2 both", tls_1_2("\xc0\x2b\xc0\x2f"sv), true, true, true},
        {"1.2 RSA suites", tls_1_2("\xc0\x30"sv), false, false, true},
        {"1.2 ECDSA suites", tls_1_2("\xcc\xa9"sv), true, true, false},
        {"1.2 without lists", no_lists, true, true, true},
        {"1.2 P-256", p256_only, true, false, false},
        {"nothing in common", tls_1_2("\x00\x2f"sv), false, false, false},
    }));
    CAPTURE(row.name);
    CHECK(can_verify(row.hello, KeyType::ecdsa_p256) == row.p256);
    CHECK(can_verify(row.hello, KeyType::ecdsa_p384) == row.p384);
    CHECK(can_verify(row.hello, KeyType::rsa) == row.rsa);
    CHECK_FALSE(can_verify(row.hello, KeyType::other));
}

TEST_CASE("the certificate for a client", "[ssl]") {
    const std::vector<CertificateFacts> own{
        certificate(KeyType::rsa, {"mx.example.org"}),
        certificate(KeyType::ecdsa_p256, {"mx.example.org"}),
        certificate(KeyType::ecdsa_p256, {"*.example.net"}),
    };
    const auto choose = [&](ClientHello hello, std::string_view name) {
        hello.host_name = name;
        return choose_certificate(hello, own);
    };
    CHECK(choose(modern(), "") == 1);               // ECDSA before RSA
    CHECK(choose(modern(), "mx.example.org") == 1); // likewise among those of the name
    CHECK(choose(modern(), "a.example.net") == 2);  // the name before the order
    CHECK(choose(modern(), "elsewhere.example") == 1);
    CHECK(choose(rsa_only(), "mx.example.org") == 0);
    CHECK(choose(rsa_only(), "a.example.net") == 0); // any handshake before the right name
    CHECK(choose(tls_1_2("\x00\x2f"sv), "a.example.net") == 2); // hopeless: the right name
}

} // namespace postern::ssl
