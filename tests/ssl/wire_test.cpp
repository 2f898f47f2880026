#include "ssl/wire.h"

#include <catch2/catch.hpp>

#include <array>

namespace postern::ssl {

namespace {

std::string record(std::size_t size) {
    std::string result("\x17\x03\x03", 3);
    result += static_cast<char>(size >> 8);
    result += static_cast<char>(size & 0xff);
    return result + std::string(size, 'x');
}

void take_all(Wire& wire, const std::string& bytes, std::size_t step) {
    std::string_view input = bytes;
    std::string output;
    const Wire::Call call(wire, input, output);
    std::array<char, 100000> room{};
    while (!input.empty()) {
        CHECK(wire.receive(room.data(), step) == std::min(step, bytes.size()));
        if (input.size() < step) step = std::max<std::size_t>(input.size(), 1);
    }
}

} // namespace

TEST_CASE("bytes are taken from the front of what the call was lent", "[ssl]") {
    Wire wire(10);
    std::string_view input = "abcdef";
    std::string output = "x";
    {
        const Wire::Call call(wire, input, output);
        std::array<char, 4> room{};
        CHECK(receive_from_wire(nullptr, room.data(), 4, &wire) == 4);
        CHECK(std::string(room.data(), 4) == "abcd");
        CHECK(receive_from_wire(nullptr, room.data(), 4, &wire) == 2);
        CHECK(receive_from_wire(nullptr, room.data(), 4, &wire) < 0); // wants input
        std::string sent = "yz";
        CHECK(send_to_wire(nullptr, sent.data(), 2, &wire) == 2);
    }
    CHECK(input.empty());
    CHECK(output == "xyz");
}

TEST_CASE("records are counted however they are cut", "[ssl]") {
    const std::size_t step = GENERATE(std::size_t{1}, std::size_t{3}, std::size_t{100000});
    std::string bytes;
    for (const std::size_t size : {0U, 1U, 16384U, 300U, 0U})
        bytes += record(size);
    Wire wire(5);
    take_all(wire, bytes, step);
    CHECK_FALSE(wire.flooded()); // the last allowed
    take_all(wire, record(0), 1);
    CHECK(wire.flooded());
    wire.progressed();
    CHECK_FALSE(wire.flooded());
    wire.expect_at_most(0);
    take_all(wire, record(2), step);
    CHECK(wire.flooded());
    std::array<char, 4> room{};
    CHECK(receive_from_wire(nullptr, room.data(), 4, &wire) < 0);
}

} // namespace postern::ssl
