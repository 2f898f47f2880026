#include "ssl/library_error.h"

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

namespace postern::ssl {

namespace {

Cause cause_of(int code, bool in_handshake) {
    switch (code) {
    case VERSION_ERROR:
    case UNSUPPORTED_PROTO_VERSION: return Cause::unsupported_version;

    case MATCH_SUITE_ERROR:
    case UNSUPPORTED_SUITE:
    case KEY_SHARE_ERROR:
    case ECC_CURVE_ERROR:
    case ECC_CURVETYPE_ERROR:
    case EXT_MISSING:
    case SUITES_ERROR: return Cause::no_shared_cipher;

    case DECRYPT_ERROR:
    case VERIFY_MAC_ERROR:
    case AES_GCM_AUTH_E:
    case MAC_CMP_FAILED_E:
    case LENGTH_ERROR:
    case UNKNOWN_RECORD_TYPE:
    case PARSE_ERROR: return Cause::bad_record;

    case NO_PEER_CERT:
    case NO_PEER_KEY:
    case PEER_KEY_ERROR:
    case MAX_CHAIN_ERROR:
    case RSA_KEY_SIZE_E:
    case ECC_KEY_SIZE_E:
    case VERIFY_SIGN_ERROR:
    case SIG_VERIFY_E:
    case ASN_PARSE_E:
    case ASN_UNKNOWN_OID_E: return Cause::bad_certificate;

    case SECURE_RENEGOTIATION_E: return Cause::renegotiation;
    case ALERT_COUNT_E: return Cause::flood;
    case ZERO_RETURN:
    case SOCKET_PEER_CLOSED_E: return Cause::closed;

    case MEMORY_E:
    case MEMORY_ERROR: return Cause::out_of_memory;

    case RNG_FAILURE_E:
    case OPEN_RAN_E:
    case READ_RAN_E: return Cause::no_entropy;

    case NO_PRIVATE_KEY:
    case NO_CERT_ERROR:
    case RSA_PRIVATE_ERROR:
    case RSA_SIGN_FAULT: return Cause::own_certificate;

    case ENCRYPT_ERROR:
    case BUILD_MSG_ERROR:
    case GETTIME_ERROR:
    case BAD_MUTEX_E: return Cause::internal;

    // A second ClientHello: before TLS 1.3 a wish to renegotiate.
    case DUPLICATE_MSG_E: return in_handshake ? Cause::bad_handshake : Cause::renegotiation;

    default: return in_handshake ? Cause::bad_handshake : Cause::bad_record;
    }
}

} // namespace

Error error_from_library(int code, bool in_handshake) {
    return {.cause = cause_of(code, in_handshake), .detail = code};
}

} // namespace postern::ssl
