#include "gateway/admin/page.h"

namespace postern::admin {

Response page(std::string_view path, const Pages& pages) {
    if (path == "/metrics") {
        return {.status = Status::ok,
                .content_type = "text/plain; version=0.0.4; charset=utf-8",
                .body = pages.metrics()};
    }
    if (path == "/status") {
        return {.status = Status::ok, .content_type = "application/json", .body = pages.status()};
    }
    if (path == "/healthz") {
        if (pages.healthy()) return {.body = "ok\n"};
        return {.status = Status::unavailable, .body = "an event loop is stuck\n"};
    }
    if (path == "/readyz") {
        if (pages.ready()) return {.body = "ready\n"};
        return {.status = Status::unavailable, .body = "not ready\n"};
    }
    return {.status = Status::not_found, .body = "try /metrics, /status, /healthz or /readyz\n"};
}

std::string answer(const Request& request, const Pages& pages) {
    std::string out;
    if (request.state == Request::State::complete) {
        append(out, page(request.path, pages), request.method);
    } else {
        append(out, failure(request.status), request.method);
    }
    return out;
}

} // namespace postern::admin
