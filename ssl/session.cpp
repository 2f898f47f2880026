#include "ssl/session.h"

#include <wolfssl/ssl.h>

namespace postern::ssl {

// `Secrets` stands for the library's WOLFSSL_SESSION, so that its headers stay out of ours.
void Session::Release::operator()(Secrets* released) const {
    wolfSSL_SESSION_free(reinterpret_cast<WOLFSSL_SESSION*>(released));
}

} // namespace postern::ssl
