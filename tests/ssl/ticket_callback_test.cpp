#include "ssl/ticket_callback.h"

#include "tests/ssl/support.h"

namespace postern::ssl::testing {

// How tickets are sealed is between the library and itself; that they open, with which keys and
// until when, is in session_test. Here: one that was tampered with.
TEST_CASE("a ticket that was changed on its way costs a full handshake, no more", "[ssl]") {
    Host host;
    Talk first(host);
    REQUIRE(first.shake_hands());
    CHECK(read_all(*first.client, first.to_client, first.to_server).empty());
    const auto session = first.client->session();
    REQUIRE(session.has_value());
    const auto key_name = host.keys.sealing().name;

    Talk talk(host, "mx.example.org", &*session);
    REQUIRE(Talk::turn(*talk.client, talk.to_client, talk.to_server, 0) == Progress::want_input);
    // A ticket begins with the name of its key.
    const std::string name(key_name.begin(), key_name.end());
    const auto at = talk.to_server.find(name);
    REQUIRE(at != std::string::npos);
    const std::size_t offset = GENERATE(std::size_t{0}, std::size_t{17}, std::size_t{40});
    talk.to_server[at + offset] = static_cast<char>(talk.to_server[at + offset] ^ 1);
    CHECK(Talk::turn(*talk.server, talk.to_server, talk.to_client, 1 << 20) ==
          Progress::want_input);
    // The client notices that its hello was changed; the server has not resumed anything.
    CHECK_FALSE(talk.server->peer().resumed);
    CHECK(talk.to_client.size() > 500); // it sends its certificate
}

} // namespace postern::ssl::testing
