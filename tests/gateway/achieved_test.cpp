#include "gateway/achieved.h"

#include <catch2/catch.hpp>

namespace postern::gateway::test {

using policy::Demand;
using policy::TlsVersion;
using ssl::ChainVerdict;

TEST_CASE("a certificate proves no more than its chain and its name do together") {
    struct Row {
        ChainVerdict chain;
        bool name_matched;
        Demand level;
    };
    const auto row = GENERATE(Row{ChainVerdict::trusted, true, Demand::tls_trusted_host},
                              Row{ChainVerdict::trusted, false, Demand::tls_trusted},
                              Row{ChainVerdict::expired, true, Demand::tls},
                              Row{ChainVerdict::self_signed, true, Demand::tls},
                              Row{ChainVerdict::store_unusable, true, Demand::tls},
                              Row{ChainVerdict::none_presented, true, Demand::tls});
    ssl::Peer peer;
    peer.chain = row.chain;
    peer.name_matched = row.name_matched;
    CHECK(achieved_by(peer).level == row.level);
}

TEST_CASE("every version of TLS has its name in the policy") {
    for (const ssl::Version version : {ssl::Version::tls_1_0,
                                       ssl::Version::tls_1_1,
                                       ssl::Version::tls_1_2,
                                       ssl::Version::tls_1_3}) {
        CHECK(policy::text(version_of(version)) == ssl::text(version));
        ssl::Peer peer;
        peer.version = version;
        CHECK(achieved_by(peer).version == version_of(version));
    }
}

} // namespace postern::gateway::test
