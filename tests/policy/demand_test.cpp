#include "policy/demand.h"

#include <catch2/catch.hpp>

#include <array>

using namespace postern::policy;

namespace {

constexpr std::array demands{
    Demand::none, Demand::tls, Demand::tls_trusted, Demand::tls_trusted_host};
constexpr std::array versions{TlsVersion::none,
                              TlsVersion::tls_1_0,
                              TlsVersion::tls_1_1,
                              TlsVersion::tls_1_2,
                              TlsVersion::tls_1_3};

} // namespace

TEST_CASE("a level meets every demand up to its own and none beyond") {
    for (const Demand level : demands) {
        for (const Demand demand : demands) {
            const Achieved achieved{.level = level, .version = TlsVersion::tls_1_3};
            CHECK(meets(achieved, demand, TlsVersion::tls_1_2) == (level >= demand));
        }
    }
}

TEST_CASE("a session below the floor counts as one without TLS") {
    for (const TlsVersion version : versions) {
        for (const TlsVersion floor : versions) {
            const Achieved achieved{.level = Demand::tls_trusted_host, .version = version};
            const bool counts = version != TlsVersion::none && version >= floor;
            CHECK(meets(achieved, Demand::tls, floor) == counts);
            CHECK(meets(achieved, Demand::none, floor));
        }
    }
}

TEST_CASE("a level without a TLS version proves nothing") {
    const Achieved odd{.level = Demand::tls, .version = TlsVersion::none};
    CHECK_FALSE(meets(odd, Demand::tls, TlsVersion::none));
}

TEST_CASE("what is raised is met exactly by what meets both") {
    for (const Demand left : demands) {
        for (const Demand right : demands) {
            for (const TlsVersion floor : versions) {
                const Required one{.demand = left, .floor = TlsVersion::tls_1_1};
                const Required other{.demand = right, .floor = floor};
                Required both = one;
                both.raise(other);
                Required reversed = other;
                reversed.raise(one);
                CHECK(both == reversed);
                if (left == Demand::none || right == Demand::none) continue;
                for (const Demand level : demands) {
                    for (const TlsVersion version : versions) {
                        const Achieved achieved{.level = level, .version = version};
                        CHECK(both.met_by(achieved) ==
                              (one.met_by(achieved) && other.met_by(achieved)));
                    }
                }
            }
        }
    }
}

TEST_CASE("versions read back as they are written") {
    for (const TlsVersion version : versions)
        CHECK(tls_version_of(text(version)) == version);
    CHECK_FALSE(tls_version_of("1.4"));
    CHECK_FALSE(tls_version_of(""));
    CHECK_FALSE(tls_version_of("TLSv1.2"));
    CHECK(text(Demand::tls_trusted_host) == "tls-trusted-host");
    CHECK(text(Demand::tls_trusted) == "tls-trusted");
    CHECK(text(Demand::tls) == "tls");
    CHECK(text(Demand::none) == "none");
}
