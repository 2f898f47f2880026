#include "gateway/relay/failure.h"

#include <catch2/catch.hpp>

namespace postern::relay::test {

TEST_CASE("every cause has a text of its own, and those of the middle of a conversation say so") {
    struct Row {
        Cause cause;
        std::string_view text;
        bool had_begun;
    };
    const auto row = GENERATE(Row{Cause::none_usable, "no host of the route is usable", false},
                              Row{Cause::busy, "all conversations are in use", false},
                              Row{Cause::unreachable, "unreachable", false},
                              Row{Cause::greeting, "unfriendly greeting", false},
                              Row{Cause::tls_missing, "starttls-not-supported", false},
                              Row{Cause::tls_failed, "tls-handshake-failed", false},
                              Row{Cause::not_trusted, "certificate-not-trusted", false},
                              Row{Cause::below_floor, "tls-below-floor", false},
                              Row{Cause::expired, "certificate-expired", false},
                              Row{Cause::name_mismatch, "certificate-host-mismatch", false},
                              Row{Cause::our_tls, "own-tls-unusable", false},
                              Row{Cause::lost, "connection lost", true},
                              Row{Cause::silent, "no reply in time", true},
                              Row{Cause::malformed, "malformed reply", true});
    CHECK(text(row.cause) == row.text);
    CHECK(had_begun(row.cause) == row.had_begun);
}

} // namespace postern::relay::test
