#include "gateway/admin/http.h"

#include <catch2/catch.hpp>

namespace postern::admin {
namespace {

using namespace std::literals;
using State = Request::State;

} // namespace

TEST_CASE("a GET is read with its path, whatever fields it has") {
    const Request request = read_request("GET /metrics?x=1 HTTP/1.1\r\n"
                                         "Host: 127.0.0.1:8025\r\n"
                                         "Accept: text/plain\r\n\r\n");
    CHECK(request.state == State::complete);
    CHECK(request.method == Method::get);
    CHECK(request.path == "/metrics");
    CHECK(read_request("HEAD / HTTP/1.0\n\n").method == Method::head);
}

TEST_CASE("a request is complete with its last byte and not before") {
    constexpr std::string_view whole = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        CAPTURE(cut);
        CHECK(read_request(whole.substr(0, cut)).state == State::incomplete);
    }
    CHECK(read_request(whole).state == State::complete);
    CHECK(read_request(std::string(whole) + "more").state == State::complete);
}

TEST_CASE("what is not HTTP is a bad request") {
    const std::string_view text = GENERATE(as<std::string_view>{},
                                           "\r\n",
                                           "GET\r\n",
                                           "GET /\r\n",
                                           "GET / HTTP/2.0\r\n",
                                           "GET  HTTP/1.1\r\n",
                                           "GET http://a/ HTTP/1.1\r\n",
                                           "GET /a b HTTP/1.1\r\n",
                                           "GET /\x7f HTTP/1.1\r\n",
                                           "G(T / HTTP/1.1\r\n",
                                           "GET / HTTP/1.1\r\nno field\r\n",
                                           "GET / HTTP/1.1\r\nHost : a\r\n",
                                           "GET / HTTP/1.1\r\nA: b\r\n folded: c\r\n",
                                           "GET / HTTP/1.1\r\nA: b\rc\r\n",
                                           "GET / HTTP/1.1\r\n: a\r\n");
    CAPTURE(text);
    const Request request = read_request(text);
    CHECK(request.state == State::wrong);
    CHECK(request.status == Status::bad_request);
}

TEST_CASE("nothing but GET and HEAD is done here") {
    const std::string_view method =
        GENERATE(as<std::string_view>{}, "POST", "PUT", "DELETE", "OPTIONS", "get");
    const std::string text = std::string(method) + " /metrics HTTP/1.1\r\n\r\n";
    CHECK(read_request(text).status == Status::method_not_allowed);
}

TEST_CASE("a request of the most bytes is read, and one that goes on is too large") {
    std::string text = "GET / HTTP/1.1\r\nA: \r\n\r\n";
    text.insert(text.size() - 4, std::string(request_bytes_max - text.size(), 'x'));
    REQUIRE(text.size() == request_bytes_max);
    CHECK(read_request(text).state == State::complete);
    text.insert(text.size() - 4, "x");
    const Request request = read_request(text);
    CHECK(request.state == State::wrong);
    CHECK(request.status == Status::too_large);
    CHECK(read_request(std::string(request_bytes_max - 1, 'x')).state == State::incomplete);
    CHECK(read_request(std::string(request_bytes_max, 'x')).status == Status::too_large);
}

TEST_CASE("a response says its length to HEAD, and shows its body to GET") {
    const Response response{.body = "hello\n"};
    std::string got;
    append(got, response, Method::get);
    CHECK(got == "HTTP/1.1 200 OK\r\n"
                 "Content-Type: text/plain; charset=utf-8\r\n"
                 "Content-Length: 6\r\n"
                 "Cache-Control: no-store\r\n"
                 "X-Content-Type-Options: nosniff\r\n"
                 "Connection: close\r\n\r\n"
                 "hello\n");
    std::string head;
    append(head, response, Method::head);
    CHECK(head + "hello\n" == got);
}

TEST_CASE("every failure has its code and its reason") {
    struct Row {
        Status status;
        std::string_view line;
    };
    const Row row = GENERATE(Row{Status::bad_request, "400 Bad Request"},
                             Row{Status::not_found, "404 Not Found"},
                             Row{Status::method_not_allowed, "405 Method Not Allowed"},
                             Row{Status::too_large, "431 Request Header Fields Too Large"},
                             Row{Status::unavailable, "503 Service Unavailable"});
    std::string out;
    append(out, failure(row.status), Method::get);
    CHECK(out.starts_with("HTTP/1.1 " + std::string(row.line) + "\r\n"));
    CHECK(out.ends_with("\r\n\r\n" + std::string(row.line.substr(4)) + "\n"));
    CHECK(out.contains("\r\nAllow: GET, HEAD\r\n") == (row.status == Status::method_not_allowed));
}

} // namespace postern::admin
