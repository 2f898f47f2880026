#include "gateway/io/error.h"

#include <catch2/catch.hpp>

#include <cerrno>
#include <set>
#include <string_view>

namespace postern::io {

TEST_CASE("the kernel's codes mean what a conversation can react to") {
    struct Row {
        int code;
        Error error;
    };
    const auto row = GENERATE(values<Row>({
        {ECONNRESET, Error::reset},
        {EPIPE, Error::reset},
        {ETIMEDOUT, Error::reset}, // the kernel gave up on the peer; our own waits are timed_out
        {ENOTCONN, Error::reset},
        {ECONNABORTED, Error::reset},
        {ECANCELED, Error::cancelled},
        {EINTR, Error::cancelled},
        {ECONNREFUSED, Error::refused},
        {EHOSTUNREACH, Error::unreachable},
        {ENETUNREACH, Error::unreachable},
        {EHOSTDOWN, Error::unreachable},
        {ENETDOWN, Error::unreachable},
        {EADDRNOTAVAIL, Error::unreachable},
        {EMFILE, Error::exhausted},
        {ENFILE, Error::exhausted},
        {ENOMEM, Error::exhausted},
        {ENOBUFS, Error::exhausted},
        {EINVAL, Error::other},
        {EBADF, Error::other},
        {0, Error::other},
    }));
    CAPTURE(row.code);
    CHECK(error_from_errno(row.code) == row.error);
}

TEST_CASE("every error has words of its own") {
    const std::set<std::string_view> words{text(Error::closed),
                                           text(Error::reset),
                                           text(Error::timed_out),
                                           text(Error::cancelled),
                                           text(Error::refused),
                                           text(Error::unreachable),
                                           text(Error::exhausted),
                                           text(Error::other)};
    CHECK(words.size() == 8);
    CHECK(words.count("") == 0);
    CHECK(text(Error::timed_out) == "timed out");
}

} // namespace postern::io
