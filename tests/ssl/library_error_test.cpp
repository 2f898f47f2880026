#include "ssl/library_error.h"

#include <catch2/catch.hpp>

namespace postern::ssl {

// The numbers are wolfSSL's (wolfssl/error-ssl.h), written out because its headers end in ssl/.
TEST_CASE("the library's numbers become causes", "[ssl]") {
    struct Row {
        int code;
        bool in_handshake;
        Cause cause;
    };
    const auto row = GENERATE(values<Row>({{-326, true, Cause::unsupported_version},
                                           {-501, true, Cause::no_shared_cipher},
                                           {-305, false, Cause::bad_record},
                                           {-312, false, Cause::bad_record},
                                           {-342, true, Cause::bad_certificate},
                                           {-388, false, Cause::renegotiation},
                                           {-395, false, Cause::renegotiation},
                                           {-395, true, Cause::bad_handshake},
                                           {-427, false, Cause::flood},
                                           {-303, true, Cause::out_of_memory},
                                           {-199, true, Cause::no_entropy},
                                           {-317, true, Cause::own_certificate},
                                           {-999, true, Cause::bad_handshake},
                                           {-999, false, Cause::bad_record}}));
    CAPTURE(row.code);
    const auto error = error_from_library(row.code, row.in_handshake);
    CHECK(name(error.cause) == name(row.cause));
    CHECK(error.detail == row.code);
}

} // namespace postern::ssl
