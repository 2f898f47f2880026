#include "gateway/spool/message.h"

#include <catch2/catch.hpp>

namespace postern::spool {
namespace {

TEST_CASE("an id is 16 hexadecimal digits", "[spool]") {
    CHECK(text(MessageId{0}) == "0000000000000000");
    CHECK(text(MessageId{0x0123456789abcdefU}) == "0123456789abcdef");
}

TEST_CASE("a message is due when the first who waits is", "[spool]") {
    const auto at = [](int seconds) { return Time{std::chrono::seconds{seconds}}; };
    Message message;
    CHECK(due(message) == never);
    CHECK(settled(message));
    message.recipients = {{.state = State::delivered, .next = at(1)},
                          {.state = State::waiting, .next = at(9)},
                          {.state = State::waiting, .next = at(5)}};
    CHECK(due(message) == at(5));
    CHECK_FALSE(settled(message));
    message.recipients[1].state = State::failed;
    message.recipients[2].state = State::held;
    CHECK(due(message) == never);
    CHECK_FALSE(settled(message));
    message.recipients[2].state = State::failed;
    CHECK(settled(message));
}

} // namespace
} // namespace postern::spool
