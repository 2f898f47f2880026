#include "ssl/error.h"

#include <catch2/catch.hpp>

#include <set>

namespace postern::ssl {

TEST_CASE("every cause has a name of its own", "[ssl]") {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(Cause::internal); ++i) {
        const auto cause = static_cast<Cause>(i);
        CHECK_FALSE(name(cause).empty());
        CHECK(names.insert(name(cause)).second);
    }
}

TEST_CASE("faults are ours or theirs", "[ssl]") {
    CHECK(is_ours(Cause::own_trust_store));
    CHECK(is_ours(Cause::out_of_memory));
    CHECK(is_ours(Cause::no_entropy));
    CHECK_FALSE(is_ours(Cause::peer_alert));
    CHECK_FALSE(is_ours(Cause::bad_record));
    CHECK_FALSE(is_ours(Cause::closed));
}

TEST_CASE("an error is one word for the log", "[ssl]") {
    CHECK(text({.cause = Cause::no_shared_cipher}) == "no_shared_cipher");
    CHECK(text({.cause = Cause::peer_alert, .alert = 48}) == "peer_alert(unknown_ca)");
    CHECK(text({.cause = Cause::peer_alert, .alert = 47, .detail = -313}) ==
          "peer_alert(illegal_parameter)");
    CHECK(text({.cause = Cause::internal, .detail = -173}) == "internal(-173)");
}

TEST_CASE("alerts have the names of RFC 8446", "[ssl]") {
    CHECK(alert_name(0) == "close_notify");
    CHECK(alert_name(40) == "handshake_failure");
    CHECK(alert_name(120) == "no_application_protocol");
    CHECK(alert_name(1) == "unknown");
    CHECK(alert_name(255) == "unknown");
}

} // namespace postern::ssl
