#include "gateway/io/endpoint.h"
#include "gateway/receive/census.h"

#include <catch2/catch.hpp>

#include <array>
#include <memory>
#include <optional>

namespace postern::receive::test {
namespace {

std::size_t slot_of(std::string_view address) {
    const io::Endpoint endpoint = io::Endpoint::parse(address, 0).value();
    return Census::slot(endpoint.key());
}

} // namespace

TEST_CASE("a session counts from its making to its end") {
    const auto census = std::make_unique<Census>();
    const std::size_t here = slot_of("192.0.2.1");
    std::optional<Census::Entry> one{std::in_place, *census, here};
    {
        const Census::Entry other{*census, here};
        CHECK(census->total() == 2);
        CHECK(census->of(here) == 2);
    }
    CHECK(census->total() == 1);
    one.reset();
    CHECK(census->total() == 0);
    CHECK(census->of(here) == 0);
}

TEST_CASE("a session that a proxy speaks for counts with its client, and ends there") {
    const auto census = std::make_unique<Census>();
    const std::size_t proxy = slot_of("192.0.2.1");
    const std::size_t client = slot_of("198.51.100.7");
    REQUIRE(proxy != client);
    {
        Census::Entry entry{*census, proxy};
        entry.move_to(client);
        CHECK(census->of(proxy) == 0);
        CHECK(census->of(client) == 1);
        CHECK(census->total() == 1);
    }
    CHECK(census->of(client) == 0);
    CHECK(census->total() == 0);
}

TEST_CASE("an IPv4 client is one address, an IPv6 client its first 64 bits") {
    CHECK(slot_of("192.0.2.1") == slot_of("192.0.2.1"));
    CHECK(slot_of("192.0.2.1") != slot_of("192.0.2.2"));
    CHECK(slot_of("2001:db8:0:1::1") == slot_of("2001:db8:0:1:ffff::2"));
    CHECK(slot_of("2001:db8:0:1::1") != slot_of("2001:db8:0:2::1"));
}

TEST_CASE("an IPv4 client is the same one through an IPv6 listener") {
    CHECK(slot_of("::ffff:192.0.2.1") == slot_of("192.0.2.1"));
    CHECK(slot_of("::ffff:192.0.2.1") != slot_of("::ffff:192.0.2.2"));
}

TEST_CASE("what all cores count of sessions is added up") {
    const auto one = std::make_unique<Census>();
    const auto other = std::make_unique<Census>();
    const std::array<const Census*, 2> cores{one.get(), other.get()};
    const std::size_t here = slot_of("192.0.2.1");
    const Census::Entry first{*one, here};
    const Census::Entry second{*other, here};
    const Census::Entry third{*other, slot_of("192.0.2.2")};
    CHECK(sessions_of_all(cores) == 3);
    CHECK(sessions_of_client(cores, here) == 2);
    CHECK(sessions_of_client(cores, slot_of("192.0.2.3")) == 0);
    CHECK(sessions_of_all({}) == 0);
}

} // namespace postern::receive::test
