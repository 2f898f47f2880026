#include "gateway/command/probing.h"

#include <catch2/catch.hpp>

#include <string>

namespace postern::command::test {
namespace {

ProbedAddress spoken_to(ssl::ChainVerdict chain, bool name_matched) {
    ssl::Peer peer;
    peer.version = ssl::Version::tls_1_2;
    peer.cipher = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
    peer.group = "X25519";
    peer.chain = chain;
    peer.name_matched = name_matched;
    ProbedAddress address{.endpoint = "192.0.2.1:25"};
    address.peer = peer;
    address.took = io::Duration{35};
    return address;
}

ProbedAddress failed(relay::Cause cause, std::string detail, int code = 0) {
    ProbedAddress address{.endpoint = "[2001:db8::1]:25"};
    address.failure = relay::Failure{
        .cause = cause, .detail = std::move(detail), .reply = {.code = code, .lines = {}}};
    return address;
}

Probed probed(ProbedAddress address, Source source = Source::mx) {
    Probed made{.subject = "example", .source = source, .dnssec = dns::Dnssec::secure};
    made.hosts.push_back({.name = "mx.example",
                          .preference = 10,
                          .dnssec = dns::Dnssec::insecure,
                          .addresses = {std::move(address)}});
    return made;
}

} // namespace

TEST_CASE("a probe reads as a few lines for each address, and a verdict") {
    CHECK(text(probed(spoken_to(ssl::ChainVerdict::trusted, true))) ==
          "subject       example\n"
          "mx            DNSSEC secure\n"
          "\n"
          "host          mx.example, preference 10, addresses DNSSEC insecure\n"
          "address       192.0.2.1:25\n"
          "time          35 ms\n"
          "starttls      offered\n"
          "tls           1.2, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, X25519\n"
          "certificate   trusted\n"
          "name          is mx.example\n"
          "meets         tls-trusted-host where TLS 1.2 is the least, "
          "none where TLS 1.3 is the least\n"
          "\n"
          "verdict       every host offers TLS with a trusted certificate for its name\n");
    CHECK(text(probed(failed(relay::Cause::unreachable, "refused"), Source::named)) ==
          "subject       example\n"
          "\n"
          "host          mx.example, addresses DNSSEC insecure\n"
          "address       [2001:db8::1]:25\n"
          "time          0 ms\n"
          "problem       unreachable: refused\n"
          "\n"
          "verdict       mx.example cannot be reached\n");
}

TEST_CASE("a probe as JSON is one object in one line") {
    CHECK(json(probed(spoken_to(ssl::ChainVerdict::self_signed, false))) ==
          R"({"subject":"example","ok":false,"source":"mx","dnssec":"secure",)"
          R"("verdict":"mx.example falls short","hosts":[{"name":"mx.example","preference":10,)"
          R"("dnssec":"insecure","ok":false,"addresses":[{"address":"192.0.2.1:25",)"
          R"("duration_ms":35,"reached":true,"starttls":true,"tls_version":"1.2",)"
          R"("tls_cipher":"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256","tls_group":"X25519",)"
          R"("chain":"self_signed","name_matched":false,"meets":{"1.2":"tls","1.3":"none"}}]}]})"
          "\n");
    CHECK(json(probed(failed(relay::Cause::silent, ""), Source::address)) ==
          R"({"subject":"example","ok":false,"source":"address",)"
          R"("verdict":"mx.example falls short","hosts":[{"name":"mx.example","ok":false,)"
          R"("addresses":[{"address":"[2001:db8::1]:25","duration_ms":0,"reached":true,)"
          R"("cause":"no reply in time","detail":"","meets":{"1.2":"none","1.3":"none"}}]}]})"
          "\n");
}

TEST_CASE("a domain without hosts says why") {
    const Probed none{.subject = "example", .problem = "no such domain: example"};
    CHECK(text(none) == "subject       example\n"
                        "verdict       no host: no such domain: example\n");
    CHECK(json(none) == R"({"subject":"example","ok":false,)"
                        R"("verdict":"no host: no such domain: example","hosts":[]})"
                        "\n");
}

TEST_CASE("every verdict on a chain has its words") {
    struct Row {
        ssl::ChainVerdict chain;
        std::string words;
    };
    using enum ssl::ChainVerdict;
    const auto row = GENERATE(values<Row>({
        {none_presented, "none was presented"},
        {self_signed, "not trusted: self-signed"},
        {unknown_ca, "not trusted: its CA is not in our trust store"},
        {incomplete, "not trusted: the host does not send the certificates that lead to a CA of"},
        {expired, "not trusted: expired"},
        {not_yet_valid, "not trusted: not yet valid"},
        {bad_signature, "not trusted: a signature is wrong"},
        {unsuitable, "not trusted: not made for this use"},
        {unreadable, "not trusted: cannot be read"},
        {store_unusable, "not judged: our trust store cannot be used"},
    }));
    const std::string out = text(probed(spoken_to(row.chain, false)));
    CHECK_THAT(out, Catch::Contains("certificate   " + row.words));
    CHECK_THAT(out, Catch::Contains("name          is not mx.example\n"));
    CHECK_THAT(out, Catch::Contains("meets         tls where TLS 1.2 is the least"));
}

TEST_CASE("what a server said is quoted in one line, cut and without controls") {
    const std::string said = "\x1b[2Jgo\r\naway " + std::string(1000, 'x');
    const Probed made = probed(failed(relay::Cause::greeting, said, 554));
    CHECK_THAT(text(made),
               Catch::Contains("problem       unfriendly greeting: 554 ?[2Jgo??away x"));
    CHECK_THAT(text(made), Catch::Contains("starttls      unknown\n"));
    CHECK(text(made).find('\x1b') == std::string::npos);
    CHECK(text(made).size() < 600);
    CHECK(json(made).find('\x1b') == std::string::npos);
    CHECK(json(made).size() < 600);
}

} // namespace postern::command::test
