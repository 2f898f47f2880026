#include "gateway/admin/page.h"

#include <catch2/catch.hpp>

namespace postern::admin {
namespace {

Pages pages(bool ready, bool healthy = true) {
    return {.metrics = [] { return std::string{"postern_sessions 1\n"}; },
            .status = [] { return std::string{"{}\n"}; },
            .ready = [ready] { return ready; },
            .healthy = [healthy] { return healthy; }};
}

} // namespace

TEST_CASE("each path has its text") {
    struct Row {
        std::string_view path;
        bool ready;
        Status status;
        std::string_view content_type;
        std::string_view body;
    };
    constexpr std::string_view plain = "text/plain; charset=utf-8";
    const Row row = GENERATE_COPY(
        Row{"/metrics",
            true,
            Status::ok,
            "text/plain; version=0.0.4; charset=utf-8",
            "postern_sessions 1\n"},
        Row{"/status", true, Status::ok, "application/json", "{}\n"},
        Row{"/healthz", false, Status::ok, plain, "ok\n"},
        Row{"/readyz", true, Status::ok, plain, "ready\n"},
        Row{"/readyz", false, Status::unavailable, plain, "not ready\n"},
        Row{"/", true, Status::not_found, plain, "try /metrics, /status, /healthz or /readyz\n"},
        Row{"/metrics/",
            true,
            Status::not_found,
            plain,
            "try /metrics, /status, /healthz or /readyz\n"});
    CAPTURE(row.path);
    const Response response = page(row.path, pages(row.ready));
    CHECK(response.status == row.status);
    CHECK(response.content_type == row.content_type);
    CHECK(response.body == row.body);
}

TEST_CASE("a process with a loop that is stuck is not healthy") {
    const Response response = page("/healthz", pages(true, false));
    CHECK(response.status == Status::unavailable);
    CHECK(response.body == "an event loop is stuck\n");
}

TEST_CASE("a request is answered, a wrong one as well") {
    const auto answered = [](std::string_view text) {
        return answer(read_request(text), pages(true));
    };
    CHECK(answered("GET /healthz HTTP/1.1\r\n\r\n").ends_with("\r\n\r\nok\n"));
    CHECK(answered("HEAD /healthz HTTP/1.1\r\n\r\n").ends_with("close\r\n\r\n"));
    CHECK(answered("POST /healthz HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    CHECK(answered("nonsense\r\n").starts_with("HTTP/1.1 400 "));
}

} // namespace postern::admin
