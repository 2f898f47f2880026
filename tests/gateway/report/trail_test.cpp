#include "gateway/report/trail.h"

#include <catch2/catch.hpp>

#include <array>
#include <vector>

namespace postern::report {
namespace {

constexpr Time moment{std::chrono::milliseconds{1795509368123}};

} // namespace

TEST_CASE("a decision is one line with every key, in their order") {
    const std::vector<std::string> from{"a@bank.example"};
    const std::vector<std::string> to{"x@example.org", "y@example.org"};
    const std::array<std::string_view, 1> settings{"banks over TLS"};
    const std::array<std::string_view, 1> reported{"trial"};
    std::string out;
    append(out,
           moment,
           {.session = "s1",
            .message = "m1",
            .listener = "mx",
            .client = "192.0.2.1",
            .from = from,
            .to = to,
            .organization = "example",
            .settings = settings,
            .reported = reported,
            .demand = "tls",
            .achieved = "none",
            .tls_version = "1.1",
            .tls_cipher = "cipher",
            .tls_cause = "no_shared_cipher",
            .verdict = Verdict::refused,
            .reply = "550 5.7.10 TLS required",
            .route = "mailbox servers",
            .host = "10.0.0.5:25",
            .duration = std::chrono::milliseconds{12},
            .bytes = 3456});
    CHECK(out ==
          R"({"time":"2026-11-24T08:36:08.123Z","event":"message","session":"s1","message":"m1",)"
          R"("listener":"mx","client":"192.0.2.1","direction":"inbound","from":["a@bank.example"],)"
          R"("to":["x@example.org","y@example.org"],"organization":"example",)"
          R"("settings":["banks over TLS"],"reported":["trial"],"demand":"tls","achieved":"none",)"
          R"("tls_version":"1.1","tls_cipher":"cipher","tls_cause":"no_shared_cipher",)"
          R"("verdict":"refused","reply":"550 5.7.10 TLS required","route":"mailbox servers",)"
          R"("host":"10.0.0.5:25","duration_ms":12,"bytes":3456})");
}

TEST_CASE("a decision about nothing is short, and a clock that went back is no accident") {
    std::string out;
    append(out, moment, {.duration = std::chrono::milliseconds{-1}});
    CHECK(out == R"({"time":"2026-11-24T08:36:08.123Z","event":"message","direction":"inbound",)"
                 R"("verdict":"accepted","duration_ms":0,"bytes":0})");
}

} // namespace postern::report
