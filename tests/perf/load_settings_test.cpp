#include <catch2/catch.hpp>

#include <vector>

#include "perf/load_settings.h"

using postern::perf::ExpectedReply;
using postern::perf::load_options;
using postern::perf::load_settings;
using postern::perf::LoadSettings;
using postern::perf::Options;

namespace {

std::expected<LoadSettings, std::string> read(std::vector<const char*> words) {
    const auto options = Options::parse(load_options(), words);
    if (!options) return std::unexpected{options.error()};
    return load_settings(*options);
}

} // namespace

TEST_CASE("an expected reply is one code, or a class of codes", "[perf]") {
    const auto one = ExpectedReply::parse("250");
    REQUIRE(one.has_value());
    CHECK(one->matches(250));
    CHECK_FALSE(one->matches(251));
    const auto any = ExpectedReply::parse("5xx");
    REQUIRE(any.has_value());
    CHECK(any->matches(500));
    CHECK(any->matches(599));
    CHECK_FALSE(any->matches(499));
    for (const char* wrong : {"", "25", "2500", "150", "600", "2x0", "xxx", "25x"}) {
        CHECK_FALSE(ExpectedReply::parse(wrong).has_value());
    }
}

TEST_CASE("without a number of messages or seconds every connection sends its messages once",
          "[perf]") {
    const auto settings =
        read({"--to", "127.0.0.1:25", "--connections", "5", "--messages-per-connection", "7"});
    REQUIRE(settings.has_value());
    CHECK(settings->messages_max == 35);
    CHECK(settings->duration > postern::io::Duration{0});
}

TEST_CASE("with seconds alone there is no number of messages", "[perf]") {
    const auto settings = read({"--to", "127.0.0.1:25", "--seconds", "3"});
    REQUIRE(settings.has_value());
    CHECK(settings->messages_max == 0);
    CHECK(settings->duration == std::chrono::seconds{3});
}

TEST_CASE("settings that make no sense are refused", "[perf]") {
    CHECK_FALSE(read({}).has_value());
    CHECK_FALSE(read({"--to", "127.0.0.1"}).has_value());
    CHECK_FALSE(read({"--to", "127.0.0.1:25", "--tls", "yes"}).has_value());
    CHECK_FALSE(read({"--to", "127.0.0.1:25", "--tls-version", "1.1"}).has_value());
    CHECK_FALSE(read({"--to", "127.0.0.1:25", "--expect", "1"}).has_value());
    CHECK_FALSE(read({"--to", "127.0.0.1:25", "--size", "199"}).has_value());
    CHECK_FALSE(read({"--to", "127.0.0.1:25", "--from-file", "/nowhere"}).has_value());
    CHECK_FALSE(read({"--to", "127.0.0.1:25", "--rcpt-file", "/dev/null"}).has_value());
}
