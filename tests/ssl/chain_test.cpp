#include "ssl/chain.h"

#include "tests/ssl/support.h"

namespace postern::ssl::testing {

TEST_CASE("where a chain leads", "[ssl]") {
    const auto library = Library::open().value();
    struct Row {
        std::string name;
        ChainVerdict verdict;
    };
    const auto row = GENERATE(values<Row>({
        {"ecdsa", ChainVerdict::trusted},
        {"ecdsa384", ChainVerdict::trusted},
        {"rsa", ChainVerdict::trusted},
        {"self-signed", ChainVerdict::self_signed},
        {"unknown-ca", ChainVerdict::unknown_ca},
        {"incomplete", ChainVerdict::incomplete},
        {"expired", ChainVerdict::expired},
        {"not-yet-valid", ChainVerdict::not_yet_valid},
        {"client-only", ChainVerdict::unsuitable},
        {"sha1", ChainVerdict::unsuitable},
        {"by-server", ChainVerdict::unsuitable},
        {"too-deep", ChainVerdict::unsuitable},
        {"outside", ChainVerdict::unsuitable},
        {"rsa1024", ChainVerdict::unsuitable},
    }));
    CAPTURE(row.name);
    const Chain chain(row.name);
    CHECK(text(judge_chain(chain.views, trust())) == text(row.verdict));
}

TEST_CASE("the order above the server's certificate does not matter, nor does more than needed",
          "[ssl]") {
    const auto library = Library::open().value();
    const Chain chain("ecdsa");
    const Chain root("root");
    const Chain other("unknown-ca");
    std::vector<std::string_view> shuffled{
        chain.views[0], other.views[1], root.views[0], chain.views[1], "garbage"};
    CHECK(judge_chain(shuffled, trust()) == ChainVerdict::trusted);
}

TEST_CASE("more certificates than we look at are as if they had not been sent", "[ssl]") {
    const auto library = Library::open().value();
    const Chain chain("ecdsa");
    const Chain other("other-root");
    std::vector<std::string_view> long_chain{chain.views[0]};
    while (long_chain.size() < chain_certificates_max - 1)
        long_chain.push_back(other.views[0]);
    long_chain.push_back(chain.views[1]);
    CHECK(judge_chain(long_chain, trust()) == ChainVerdict::trusted);
    long_chain.insert(long_chain.begin() + 1, other.views[0]);
    CHECK(judge_chain(long_chain, trust()) == ChainVerdict::unknown_ca);
}

TEST_CASE("an intermediate in the trust store is an anchor", "[ssl]") {
    const auto library = Library::open().value();
    CHECK(judge_chain(Chain("incomplete").views, trust("intermediate")) == ChainVerdict::trusted);
}

TEST_CASE("a certificate that is itself in the trust store is trusted while it is valid", "[ssl]") {
    const auto library = Library::open().value();
    CHECK(judge_chain(Chain("self-signed").views, trust("self-signed")) == ChainVerdict::trusted);
    CHECK(judge_chain(Chain("expired").views, trust("expired")) == ChainVerdict::expired);
}

TEST_CASE("what is no certificate is unreadable; nothing at all was not presented", "[ssl]") {
    const auto library = Library::open().value();
    const std::vector<std::string_view> garbage{"garbage"};
    CHECK(judge_chain(garbage, trust()) == ChainVerdict::unreadable);
    CHECK(judge_chain({}, trust()) == ChainVerdict::none_presented);
}

TEST_CASE("a certificate changed by one bit is not trusted", "[ssl]") {
    const auto library = Library::open().value();
    const Chain chain("rsa");
    for (std::size_t at = 0; at < chain.views[0].size(); at += 3) {
        std::string changed(chain.views[0]);
        changed[at] = static_cast<char>(changed[at] ^ 1);
        const std::vector<std::string_view> one{changed};
        CHECK(judge_chain(one, trust()) != ChainVerdict::trusted);
    }
}

} // namespace postern::ssl::testing
