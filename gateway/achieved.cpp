#include "gateway/achieved.h"

namespace postern::gateway {
namespace {

policy::Demand level_of(const ssl::Peer& server) {
    if (server.chain != ssl::ChainVerdict::trusted) return policy::Demand::tls;
    return server.name_matched ? policy::Demand::tls_trusted_host : policy::Demand::tls_trusted;
}

} // namespace

policy::TlsVersion version_of(ssl::Version version) {
    switch (version) {
    case ssl::Version::tls_1_0: return policy::TlsVersion::tls_1_0;
    case ssl::Version::tls_1_1: return policy::TlsVersion::tls_1_1;
    case ssl::Version::tls_1_2: return policy::TlsVersion::tls_1_2;
    case ssl::Version::tls_1_3: return policy::TlsVersion::tls_1_3;
    }
    return policy::TlsVersion::none;
}

policy::Achieved achieved_by(const ssl::Peer& server) {
    return {.level = level_of(server), .version = version_of(server.version)};
}

} // namespace postern::gateway
