#include "ssl/ticket.h"

#include "tests/ssl/support.h"

namespace postern::ssl::testing {

TEST_CASE("rotation puts a fresh key in front and drops the oldest", "[ssl]") {
    const auto library = Library::open().value();
    auto keys = fresh_keys();
    CHECK(keys.opening().size() == 1);
    const auto first = keys.sealing();
    for (std::size_t i = 1; i < TicketKeys::keys_kept; ++i) {
        keys = keys.rotated().value();
        CHECK(keys.opening().size() == i + 1);
        CHECK(keys.opening()[i].name == first.name);
        CHECK(keys.opening()[i].secret == first.secret);
        CHECK(keys.sealing().name == keys.opening()[0].name);
        CHECK(keys.sealing().secret != keys.opening()[1].secret);
    }
    keys = keys.rotated().value();
    CHECK(keys.opening().size() == TicketKeys::keys_kept);
    for (const auto& key : keys.opening())
        CHECK(key.name != first.name);
}

TEST_CASE("a client is told less than a key lives", "[ssl]") {
    CHECK(ticket_lifetime <= ticket_key_period * (TicketKeys::keys_kept - 1));
}

} // namespace postern::ssl::testing
