#include "ssl/library.h"

#include <wolfssl/ssl.h>

namespace postern::ssl {

std::expected<std::unique_ptr<Library>, Error> Library::open() {
    if (wolfSSL_Init() != WOLFSSL_SUCCESS) {
        return std::unexpected(Error{.cause = Cause::internal});
    }
    return std::unique_ptr<Library>(new Library);
}

std::string_view Library::version() { return "wolfSSL " LIBWOLFSSL_VERSION_STRING; }

Library::~Library() { wolfSSL_Cleanup(); }

} // namespace postern::ssl
