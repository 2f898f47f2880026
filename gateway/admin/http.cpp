#include "gateway/admin/http.h"

#include <algorithm>
#include <optional>

namespace postern::admin {
namespace {

std::string_view reason(Status status) {
    switch (status) {
    case Status::ok: return "OK";
    case Status::bad_request: return "Bad Request";
    case Status::not_found: return "Not Found";
    case Status::method_not_allowed: return "Method Not Allowed";
    case Status::too_large: return "Request Header Fields Too Large";
    case Status::unavailable: return "Service Unavailable";
    }
    return "Unknown";
}

Request wrong(Status status) {
    return {.state = Request::State::wrong, .path = {}, .status = status};
}

/// RFC 9110 5.6.2.
bool is_token(std::string_view text) {
    static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return letter || (c >= '0' && c <= '9') || others.contains(c);
    });
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

/// The next line without its CRLF; a bare LF ends a line as well, as RFC 9112 2.2 allows.
std::optional<std::string_view> take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

/// `GET /path?query HTTP/1.1`
Request read_request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return wrong(Status::bad_request);
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    const bool known_version = version == "HTTP/1.1" || version == "HTTP/1.0";
    if (!is_token(method) || !known_version || !target.starts_with('/') || !is_printable(target)) {
        return wrong(Status::bad_request);
    }
    if (method != "GET" && method != "HEAD") return wrong(Status::method_not_allowed);
    return {.state = Request::State::complete,
            .method = method == "GET" ? Method::get : Method::head,
            .path = target.substr(0, target.find('?')),
            .status = Status::ok};
}

/// A field, of which nothing is of interest but that it is one. RFC 9112 5.1 forbids blanks before
/// the colon, 5.2 folded lines.
bool is_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
    return line.find_first_of(std::string_view{"\r\0", 2}) == std::string_view::npos;
}

} // namespace

Request read_request(std::string_view received) {
    const bool full = received.size() >= request_bytes_max;
    std::string_view rest = received.substr(0, request_bytes_max);
    const Request unfinished = full ? wrong(Status::too_large) : Request{.path = {}};
    const auto first = take_line(rest);
    if (!first) return unfinished;
    Request request = read_request_line(*first);
    while (request.state == Request::State::complete) {
        const auto line = take_line(rest);
        if (!line) return unfinished;
        if (line->empty()) break;
        if (!is_field(*line)) return wrong(Status::bad_request);
    }
    return request;
}

Response failure(Status status) {
    return {.status = status, .body = std::string{reason(status)} + "\n"};
}

void append(std::string& out, const Response& response, Method method) {
    out += "HTTP/1.1 ";
    out += std::to_string(static_cast<unsigned>(response.status));
    out.append(" ").append(reason(response.status));
    out.append("\r\nContent-Type: ").append(response.content_type);
    out.append("\r\nContent-Length: ").append(std::to_string(response.body.size()));
    if (response.status == Status::method_not_allowed) out += "\r\nAllow: GET, HEAD";
    // Neither a cache nor a guess at the type may come between a number and its reader.
    out += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff";
    out += "\r\nConnection: close\r\n\r\n";
    if (method == Method::get) out += response.body;
}

} // namespace postern::admin
