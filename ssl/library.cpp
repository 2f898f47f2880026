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

Version Library::oldest_version() {
#if defined(NO_OLD_TLS)
    return Version::tls_1_2;
#elif defined(WOLFSSL_ALLOW_TLSV10)
    return Version::tls_1_0;
#else
    return Version::tls_1_1;
#endif
}

Library::~Library() { wolfSSL_Cleanup(); }

} // namespace postern::ssl
