#include "gateway/relay/host_addresses.h"
#include "policy/load.h"

#include <catch2/catch.hpp>

namespace postern::relay::test {
namespace {

using Endpoints = std::vector<io::Endpoint>;

std::shared_ptr<const policy::Snapshot> policy_with(const std::string& hosts) {
    auto loaded = policy::load_text(
        "[[route]]\nname = \"a\"\ndomains = [\"example.org\"]\nhosts = [" + hosts + "]\n");
    INFO(loaded.mistakes.text());
    REQUIRE(loaded.snapshot);
    return loaded.snapshot;
}

Endpoints at(const std::vector<std::string>& addresses) {
    Endpoints endpoints;
    for (const std::string& address : addresses) {
        endpoints.push_back(io::Endpoint::parse(address, 0).value());
    }
    return endpoints;
}

Endpoints nobody(const std::string& /*name*/) { return {}; }
Endpoints never(const std::string& name) {
    FAIL("asked for " + name);
    return {};
}

} // namespace

TEST_CASE("an address literal stands for itself, and nobody is asked") {
    const auto policy = policy_with(R"("192.0.2.1:25", "[2001:db8::1]:2525")");
    const auto addresses = HostAddresses::resolve(*policy, nullptr, never);
    CHECK(addresses.of("192.0.2.1") == at({"192.0.2.1"}));
    CHECK(addresses.of("2001:db8::1") == at({"2001:db8::1"}));
    CHECK_FALSE(addresses.has_names());
}

TEST_CASE("a name is asked for once, and stands for all its addresses") {
    const auto policy = policy_with(R"("mx.example.org:25", "mx.example.org:26", "192.0.2.9")");
    int asked = 0;
    const auto ask = [&](const std::string& name) {
        CHECK(name == "mx.example.org");
        ++asked;
        return at({"192.0.2.1", "192.0.2.2"});
    };
    const auto addresses = HostAddresses::resolve(*policy, nullptr, ask);
    CHECK(asked == 1);
    CHECK(addresses.of("mx.example.org") == at({"192.0.2.1", "192.0.2.2"}));
    CHECK(addresses.has_names());
    CHECK(addresses.of("another.example.org").empty());
}

TEST_CASE("a name that cannot be resolved keeps what it stood for") {
    const auto policy = policy_with(R"("mx.example.org")");
    CHECK(HostAddresses::resolve(*policy, nullptr, nobody).of("mx.example.org").empty());
    const auto ask = [](const std::string& /*name*/) { return at({"192.0.2.1"}); };
    const auto before = HostAddresses::resolve(*policy, nullptr, ask);
    CHECK(HostAddresses::resolve(*policy, &before, nobody) == before);
}

TEST_CASE("a name that moves is another answer") {
    const auto policy = policy_with(R"("mx.example.org")");
    const auto ask = [](const std::string& /*name*/) { return at({"192.0.2.1"}); };
    const auto before = HostAddresses::resolve(*policy, nullptr, ask);
    const auto moved = [](const std::string& /*name*/) { return at({"192.0.2.2"}); };
    CHECK(HostAddresses::resolve(*policy, &before, ask) == before);
    CHECK(HostAddresses::resolve(*policy, &before, moved) != before);
}

TEST_CASE("the system knows this host, and no name longer than names are") {
    const Endpoints local = HostAddresses::ask_system("localhost");
    REQUIRE_FALSE(local.empty());
    for (const io::Endpoint& endpoint : local) {
        const bool loopback = endpoint.address().starts_with("127.") || endpoint.address() == "::1";
        CHECK(loopback);
        CHECK(endpoint.port() == 0);
    }
    CHECK(std::ranges::is_sorted(local, {}, &io::Endpoint::key));
    CHECK(HostAddresses::ask_system(std::string(300, 'x')).empty());
}

} // namespace postern::relay::test
