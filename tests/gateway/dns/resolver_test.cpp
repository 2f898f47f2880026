#include "gateway/dns/resolver.h"

#include <catch2/catch.hpp>

#include "tests/gateway/awaited.h"
#include "tests/gateway/dns/name_server.h"

namespace postern::dns {
namespace {

TEST_CASE("smoke") {
    test::NameServer server({{"example", "@ MX 10 a\na A 192.0.2.1"}});
    io::test::Loop loop;
    Resolver resolver(loop.ring(), Context::open(server.settings()).value(), {});
    const auto found = gateway::test::awaited(loop, resolver.mail_hosts("example"));
    if (!found) UNSCOPED_INFO(text(found.error().cause) << found.error().detail);
    CHECK(found.has_value());
    loop.run(resolver.stop());
}

}
}
