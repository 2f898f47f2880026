#include "ssl/key_match.h"

#include "tests/ssl/support.h"

namespace postern::ssl::testing {

TEST_CASE("a private key belongs to its certificate, in whatever form, and to no other", "[ssl]") {
    const auto library = Library::open().value();
    const std::vector<std::string> names{
        "ecdsa", "ecdsa384", "rsa", "other-name", "other-name-rsa"};
    for (const auto& certificate_name : names) {
        const auto facts = read_certificate(Chain(certificate_name).views.front()).value();
        for (const auto& key_name : names) {
            CAPTURE(certificate_name, key_name);
            CHECK(key_matches(facts, fixture(key_name + ".key")) == (certificate_name == key_name));
        }
    }
    const auto ecdsa = read_certificate(Chain("ecdsa").views.front()).value();
    CHECK(key_matches(ecdsa, fixture("sec1.key")));
    const auto rsa = read_certificate(Chain("rsa").views.front()).value();
    CHECK(key_matches(rsa, fixture("pkcs1.key")));
    CHECK_FALSE(key_matches(rsa, ""));
    CHECK_FALSE(key_matches(rsa, fixture("rsa.pem")));
}

} // namespace postern::ssl::testing
