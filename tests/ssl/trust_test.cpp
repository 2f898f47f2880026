#include "ssl/trust.h"
#include "ssl/x509.h"

#include "tests/ssl/support.h"

namespace postern::ssl::testing {

TEST_CASE("a bundle is counted, damaged entries too", "[ssl]") {
    const auto store = TrustStore::from_text(
        fixture("root.pem") + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" +
        "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n" + fixture("other-root.pem"));
    REQUIRE(store.has_value());
    CHECK(store->authorities() == 2);
    CHECK(store->unreadable() == 2);
}

TEST_CASE("anchors are found by their name, all of them", "[ssl]") {
    const auto store = TrustStore::from_text(fixture("root.pem") + fixture("other-root.pem") +
                                             fixture("root.pem"));
    REQUIRE(store.has_value());
    const auto root = read_certificate(Chain("root").views.front()).value();
    CHECK(store->with_subject(root.subject).size() == 2);
    CHECK(store->with_subject(root.subject)[0].der == Chain("root").views.front());
    CHECK(store->with_subject("nobody").empty());
}

TEST_CASE("a trust store that cannot be read is our fault", "[ssl]") {
    const auto path = GENERATE(values<std::string>(
        {"/nonexistent", "/", POSTERN_SOURCE_DIR "/tests/ssl/certificates/make"}));
    CAPTURE(path);
    const auto store = TrustStore::from_file(path);
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().cause == Cause::own_trust_store);
    CHECK(is_ours(store.error().cause));
}

TEST_CASE("a trust store is read from a file", "[ssl]") {
    const auto store = TrustStore::from_file(POSTERN_SOURCE_DIR "/tests/ssl/certificates/root.pem");
    REQUIRE(store.has_value());
    CHECK(store->authorities() == 1);
}

} // namespace postern::ssl::testing
