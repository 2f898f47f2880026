#include "ssl/pem.h"

#include <catch2/catch.hpp>

namespace postern::ssl {

namespace {

std::string block(const std::string& base64, const std::string& label = "CERTIFICATE") {
    return "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n";
}

} // namespace

TEST_CASE("blocks are found between other text, in order", "[ssl]") {
    const auto text =
        "first\n" + block("Zm9v") + "then\r\n" + block("YmE=", "OTHER") + block("YmFy\r\n");
    const auto blocks = read_pem(text, "CERTIFICATE");
    CHECK(blocks.der == std::vector<std::string>{"foo", "bar"});
    CHECK(blocks.damaged == 0);
    CHECK(read_pem(text, "OTHER").der == std::vector<std::string>{"ba"});
}

TEST_CASE("padding stands for what is missing, and nothing may follow it", "[ssl]") {
    CHECK(read_pem(block("Zg=="), "CERTIFICATE").der == std::vector<std::string>{"f"});
    for (const auto* const damaged : {"", "Z", "Zm9v=Zm9v", "Zg===", "Zm9*", "====", "Zm9vZ"}) {
        CAPTURE(damaged);
        const auto blocks = read_pem(block(damaged), "CERTIFICATE");
        CHECK(blocks.der.empty());
        CHECK(blocks.damaged == 1);
    }
}

TEST_CASE("a block without an end is damaged, those before it are not", "[ssl]") {
    const auto blocks =
        read_pem(block("Zm9v") + "-----BEGIN CERTIFICATE-----\nZm9v\n", "CERTIFICATE");
    CHECK(blocks.der.size() == 1);
    CHECK(blocks.damaged == 1);
}

TEST_CASE("a label is found by its ending", "[ssl]") {
    CHECK(first_pem_label(block("") + block("", "EC PRIVATE KEY"), "PRIVATE KEY") ==
          "EC PRIVATE KEY");
    CHECK(first_pem_label(block(""), "PRIVATE KEY").empty());
    CHECK(first_pem_label("-----BEGIN \nPRIVATE KEY-----", "PRIVATE KEY").empty());
    CHECK(first_pem_label("-----BEGIN PRIVATE KEY", "KEY") == "PRIVATE KEY");
}

} // namespace postern::ssl
