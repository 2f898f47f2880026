#include "ssl/chain_callback.h"

#include "tests/ssl/support.h"

namespace postern::ssl::testing {

// The callback is the library's to call; what it reports is seen in the facts of a peer.
TEST_CASE("chain and name are judged while the certificate is there, and apart", "[ssl]") {
    Host host({"other-name"});
    Talk talk(host, "mx.example.org");
    CHECK(talk.client->peer().chain == ChainVerdict::none_presented);
    REQUIRE(talk.shake_hands());
    CHECK(talk.client->peer().chain == ChainVerdict::trusted);
    CHECK_FALSE(talk.client->peer().name_matched);
}

} // namespace postern::ssl::testing
