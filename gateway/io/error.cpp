#include "gateway/io/error.h"

#include <cerrno>

namespace postern::io {

std::string_view text(Error error) {
    switch (error) {
    case Error::closed: return "closed";
    case Error::reset: return "reset";
    case Error::timed_out: return "timed out";
    case Error::cancelled: return "cancelled";
    case Error::refused: return "refused";
    case Error::unreachable: return "unreachable";
    case Error::exhausted: return "resources exhausted";
    case Error::other: return "failed";
    }
    return "failed";
}

Error error_from_errno(int code) {
    switch (code) {
    case ECONNRESET:
    case EPIPE:
    case ETIMEDOUT:
    case ENOTCONN:
    case ECONNABORTED: return Error::reset;
    case ECANCELED:
    case EINTR: return Error::cancelled;
    case ECONNREFUSED: return Error::refused;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EADDRNOTAVAIL: return Error::unreachable;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS: return Error::exhausted;
    default: return Error::other;
    }
}

} // namespace postern::io
