#include "ssl/client_hello.h"

#include "tests/ssl/support.h"

namespace postern::ssl::testing {

namespace {

using namespace std::string_literals;

std::string sized(const std::string& content, std::size_t octets) {
    std::string result;
    for (std::size_t i = octets; i-- > 0;) {
        result += static_cast<char>((content.size() >> (8 * i)) & 0xff);
    }
    return result + content;
}

std::string message(const std::string& body) { return "\x01" + sized(body, 3); }

std::string extension(char number, const std::string& data) {
    return "\0"s + number + sized(data, 2);
}

std::string body(const std::string& extensions, const std::string& suites = "\x13\x01\xc0\x2b"s) {
    return "\x03\x03"s + std::string(32, 'r') + sized("session", 1) + sized(suites, 2) +
           sized("\0"s, 1) + sized(extensions, 2);
}

std::string server_name(const std::string& name) {
    return extension('\0', sized("\0"s + sized(name, 2), 2));
}

} // namespace

TEST_CASE("a ClientHello tells what it asks for", "[ssl]") {
    const auto text = message(body(server_name("Mx.example.org") + extension('\x99', "unknown") +
                                   extension('\x0a', sized("\x00\x1d\x00\x17"s, 2)) +
                                   extension('\x0d', sized("\x04\x03\x08\x04"s, 2)) +
                                   extension('\x23', "a ticket") +
                                   extension('\x2b', sized("\x03\x04\x03\x03"s, 1))));
    const auto hello = read_client_hello(text);
    REQUIRE(hello.has_value());
    CHECK(hello->legacy_version == 0x0303);
    CHECK(hello->host_name == "Mx.example.org");
    CHECK(lists(hello->cipher_suites, 0xc02b));
    CHECK_FALSE(lists(hello->cipher_suites, 0xc02f));
    CHECK(lists(hello->supported_groups, 23));
    CHECK(lists(hello->signature_algorithms, 0x0804));
    CHECK(lists(hello->supported_versions, 0x0304));
    CHECK(hello->ticket == "a ticket");
}

TEST_CASE("a ClientHello without extensions is one, too", "[ssl]") {
    auto bare = body("");
    bare.resize(bare.size() - 2);
    CHECK(read_client_hello(message(bare)).has_value());
    CHECK(read_client_hello(message(body(""))).has_value());
}

TEST_CASE("what cannot be a host name is not taken for one", "[ssl]") {
    for (const auto& name : {""s, "a b"s, "a\0b"s, "a\nb"s, "\xc3\xa4"s, std::string(256, 'a')}) {
        const auto text = message(body(server_name(name)));
        const auto hello = read_client_hello(text);
        REQUIRE(hello.has_value());
        CHECK(hello->host_name.empty());
    }
    const auto text = message(body(server_name(std::string(255, 'a'))));
    CHECK(read_client_hello(text)->host_name.size() == 255);
}

TEST_CASE("a malformed ClientHello is refused", "[ssl]") {
    const auto good = body(server_name("a"));
    CHECK(read_client_hello(message(good)).has_value());
    for (std::size_t size = 0; size < good.size(); ++size) {
        CAPTURE(size);
        // Without the extensions it is complete again.
        const bool bare = size == good.size() - 2 - server_name("a").size();
        CHECK(read_client_hello(message(good.substr(0, size))).has_value() == bare);
    }
    CHECK_FALSE(read_client_hello(message(good + "x")).has_value());
    CHECK_FALSE(read_client_hello(message(good) + "x").has_value());
    CHECK_FALSE(read_client_hello(message(body("", ""))).has_value());
    CHECK_FALSE(read_client_hello(message(body("", "abc"))).has_value());
    CHECK_FALSE(
        read_client_hello(message(body(extension('\x0d', "\x00\x04\x04\x03"s)))).has_value());
    CHECK_FALSE(read_client_hello(message(body(extension('\x0d', "\x00\x01\x04"s)))).has_value());
}

TEST_CASE("the reader puts a ClientHello together and leaves what follows", "[ssl]") {
    const auto text = message(body(server_name("a")));
    const std::size_t piece = GENERATE(std::size_t{1}, std::size_t{7}, std::size_t{1000});
    std::string records;
    for (std::size_t at = 0; at < text.size(); at += piece) {
        records += "\x16\x03\x01"s + sized(text.substr(at, piece), 2);
    }
    HelloReader reader;
    const auto all = records + "early";
    std::string_view input = all;
    CHECK(reader.take(input) == HelloReader::Status::complete);
    CHECK(input == "early");
    CHECK(reader.message() == text);
    CHECK(reader.record() == "\x16\x03\x01"s + sized(text, 2));
}

TEST_CASE("the longest ClientHello fits one record", "[ssl]") {
    const auto fill = [](std::size_t size) {
        const auto fixed = message(body(extension('\x15', ""))).size();
        return message(body(extension('\x15', std::string(size - fixed, '\0'))));
    };
    for (const std::size_t size : {hello_bytes_max, hello_bytes_max + 1}) {
        const auto text = fill(size);
        REQUIRE(text.size() == size);
        const auto records = "\x16\x03\x01"s + sized(text.substr(0, 16000), 2) + "\x16\x03\x01"s +
                             sized(text.substr(16000), 2);
        HelloReader reader;
        std::string_view input = records;
        CHECK(reader.take(input) == (size == hello_bytes_max ? HelloReader::Status::complete
                                                             : HelloReader::Status::malformed));
    }
}

TEST_CASE("our own client's ClientHello is read", "[ssl]") {
    Host host;
    Talk talk(host);
    REQUIRE(Talk::turn(*talk.client, talk.to_client, talk.to_server, 0) == Progress::want_input);
    HelloReader reader;
    std::string_view input = talk.to_server;
    REQUIRE(reader.take(input) == HelloReader::Status::complete);
    const auto hello = read_client_hello(reader.message());
    REQUIRE(hello.has_value());
    CHECK(hello->host_name == "mx.example.org");
    CHECK(lists(hello->supported_versions, 0x0304));
}

} // namespace postern::ssl::testing
