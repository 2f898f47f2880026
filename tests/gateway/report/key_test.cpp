#include "gateway/report/key.h"

#include <catch2/catch.hpp>

#include <array>
#include <set>

namespace postern::report {

TEST_CASE("keys keep their names, which dashboards rely on") {
    // In the order of the enum: a key that is added takes its place here.
    constexpr std::array<std::string_view, 36> names{
        "time",         "level",     "event",    "session",     "message",     "listener",
        "client",       "direction", "from",     "to",          "settings",    "reported",
        "organization", "demand",    "achieved", "tls_version", "tls_cipher",  "tls_cause",
        "verdict",      "reply",     "route",    "host",        "duration_ms", "bytes",
        "text",         "cause",     "ending",   "commands",    "messages",    "bytes_out",
        "file",         "line",      "column",   "generation",  "count",       "version"};
    for (std::size_t index = 0; index < names.size(); ++index) {
        CHECK(text(static_cast<Key>(index)) == names[index]);
    }
    CHECK(static_cast<std::size_t>(Key::version) + 1 == names.size());
    CHECK(std::set<std::string_view>(names.begin(), names.end()).size() == names.size());
}

TEST_CASE("levels have names, the gravest first") {
    CHECK(text(Level::error) == "error");
    CHECK(text(Level::warning) == "warning");
    CHECK(text(Level::info) == "info");
    CHECK(text(Level::debug) == "debug");
    CHECK(Level::error < Level::debug);
}

} // namespace postern::report
