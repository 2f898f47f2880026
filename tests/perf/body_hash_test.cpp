#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "perf/body_hash.h"

using postern::perf::BodyHash;

namespace {

std::uint64_t hash_of(std::string_view content) {
    BodyHash hash;
    hash.add(content);
    return hash.value();
}

constexpr std::string_view body = "one\r\n\r\ntwo\r\n.\r\n";

} // namespace

TEST_CASE("only the body counts, wherever the content is cut", "[perf]") {
    const std::string content =
        "Received: by x\r\n with y\r\nFrom: <a@b>\r\r\nX: \r\n\r\n" + std::string{body};
    const std::uint64_t whole = hash_of("\r\n" + std::string{body});
    CHECK(hash_of(content) == whole);
    for (std::size_t first = 0; first <= content.size(); ++first) {
        for (std::size_t second = first; second <= content.size(); ++second) {
            BodyHash hash;
            hash.add(std::string_view{content}.substr(0, first));
            hash.add(std::string_view{content}.substr(first, second - first));
            hash.add(std::string_view{content}.substr(second));
            REQUIRE(hash.value() == whole);
        }
    }
}

TEST_CASE("another body has another hash", "[perf]") {
    const std::string header = "From: <a@b>\r\n\r\n";
    CHECK(hash_of(header + "one\r\n.\r\n") != hash_of(header + "onf\r\n.\r\n"));
    CHECK(hash_of(header + "one\r\n.\r\n") != hash_of(header + "\r\none\r\n.\r\n"));
    CHECK(hash_of(header) != hash_of(header + "x"));
}

TEST_CASE("begin() forgets the message before", "[perf]") {
    BodyHash hash;
    hash.add("From: <a@b>\r\n\r\nfirst\r\n");
    hash.begin();
    hash.add("To: <c@d>\r\n\r\nsecond\r\n");
    CHECK(hash.value() == hash_of("X: y\r\n\r\nsecond\r\n"));
}
