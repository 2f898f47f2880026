#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The little HTTP/1.1 (RFC 9112) that a metrics collector or a health check speaks: one GET or HEAD
// a connection, without content. Plain functions of text; the sockets are somebody else's.

namespace postern::admin {

/// The whole head of a request, its empty line included.
inline constexpr std::size_t request_bytes_max = 8192;

enum class Method : std::uint8_t { get, head };

enum class Status : std::uint16_t {
    ok = 200,
    bad_request = 400,
    not_found = 404,
    method_not_allowed = 405,
    too_large = 431,
    unavailable = 503,
};

/// What came of looking at the bytes so far.
struct Request {
    enum class State : std::uint8_t {
        incomplete, // look again when there are more
        complete,
        wrong, // answer with `status` and close
    };
    State state = State::incomplete;
    Method method = Method::get;
    std::string_view path; // without a query; into the bytes that were read
    Status status = Status::ok;
};

/// Reads the head of a request at the front of `received`: all that has come so far, from the
/// beginning.
[[nodiscard]] Request read_request(std::string_view received);

struct Response {
    Status status = Status::ok;
    std::string_view content_type = "text/plain; charset=utf-8";
    std::string body;
};

/// The answer to what cannot be served: its own name as the body.
[[nodiscard]] Response failure(Status status);

/// Appends the response. The length of the body is said to HEAD, too, but the body is not; the
/// connection is closed behind it.
void append(std::string& out, const Response& response, Method method);

} // namespace postern::admin
