#include "gateway/report/section.h"

#include <catch2/catch.hpp>

namespace postern::report {
namespace {

std::string for_people(const Section& section) {
    std::string out;
    section.append_text(out);
    return out;
}

std::string for_programs(const Section& section) {
    std::string out;
    section.append_member(out);
    return out;
}

} // namespace

TEST_CASE("facts are lines for people and members for programs") {
    Section section{"host"};
    section.text("name", "mx \"1\"")
        .number("cores", 2)
        .texts("files", {"a", "b"})
        .texts("nothing", {})
        .objects("errors", {R"({"event":"x"})", R"({"event":"y"})"});
    CHECK(for_people(section) == "[host]\n"
                                 "  name: mx \"1\"\n"
                                 "  cores: 2\n"
                                 "  files:\n    a\n    b\n"
                                 "  nothing: none\n"
                                 "  errors:\n    {\"event\":\"x\"}\n    {\"event\":\"y\"}\n");
    CHECK(for_programs(section) == R"("host":{"name":"mx \"1\"","cores":2,"files":["a","b"],)"
                                   R"("nothing":[],"errors":[{"event":"x"},{"event":"y"}]})");
    CHECK(for_programs(Section{"empty"}) == R"("empty":{})");
}

TEST_CASE("what looks like a key is shown to nobody") {
    const std::string key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----";
    Section section{"settings"};
    section.text("key", key)
        .texts("files", {"tls/a.pem", key})
        .objects("errors", {R"({"text":")" + key + R"("})"});
    for (const std::string& shown : {for_people(section), for_programs(section)}) {
        CAPTURE(shown);
        CHECK_FALSE(shown.contains("MIGHAgEA"));
        CHECK(shown.contains("tls/a.pem"));
        CHECK(shown.contains("left out"));
    }
}

} // namespace postern::report
