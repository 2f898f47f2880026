#include "gateway/configuration.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/gateway/directory.h"
#include "tests/ssl/support.h"

namespace postern::gateway::test {
namespace {

using ssl::testing::fixture;

constexpr std::string_view settings_text = "hostname = \"mx1.example.org\"\n"
                                           "policy = \"policy.toml\"\n"
                                           "[tls]\n"
                                           "trust_store = \"root.pem\"\n"
                                           "[[listener]]\n"
                                           "name = \"mx\"\n"
                                           "address = \"127.0.0.1:0\"\n"
                                           "[[certificate]]\n"
                                           "chain = \"a.pem\"\n"
                                           "key = \"a.key\"\n";
constexpr std::string_view policy_text = "[[route]]\n"
                                         "name = \"servers\"\n"
                                         "domains = [\"example.org\"]\n"
                                         "hosts = [\"192.0.2.1:2525\"]\n";

// All files of a host without a mistake; a test spoils what it is about.
struct Host {
    Directory directory;
    std::unique_ptr<ssl::Library> library = ssl::Library::open().value();

    Host() {
        directory.write("postern.toml", settings_text);
        directory.write("policy.toml", policy_text);
        directory.write("root.pem", fixture("root.pem"));
        use("ecdsa.pem", "ecdsa.key");
    }
    void use(const std::string& chain, const std::string& key) const {
        directory.write("a.pem", fixture(chain));
        directory.write("a.key", fixture(key));
        allow(0600);
    }
    // Who has access to the key.
    void allow(mode_t mode) const { REQUIRE(::chmod(directory.path("a.key").c_str(), mode) == 0); }
    [[nodiscard]] LoadedConfiguration load(std::uint64_t generation = 1) const {
        return load_configuration(directory.path("postern.toml"), generation, nullptr);
    }
    [[nodiscard]] std::string mistakes() const { return directory.without(load().mistakes.text()); }
};

} // namespace

TEST_CASE("a configuration is all of what its files say") {
    const Host host;
    const LoadedConfiguration loaded = host.load(7);
    INFO(loaded.mistakes.text());
    REQUIRE(loaded.configuration);
    const Configuration& configuration = *loaded.configuration;
    CHECK(loaded.mistakes.empty());
    CHECK(configuration.settings.hostname == "mx1.example.org");
    CHECK(configuration.policy->generation() == 7);
    CHECK(configuration.addresses.of("192.0.2.1").size() == 1);
    CHECK(configuration.certificates.size() == 1);
    CHECK(configuration.trust.has_value());
}

TEST_CASE(
    "each mistake in a certificate is named where it is made, and there is no configuration") {
    struct Row {
        std::string chain;
        std::string key;
        std::string mistake;
    };
    const auto row = GENERATE(values<Row>({
        {"ecdsa.pem",
         "ecdsa384.key",
         "postern.toml:10:7: the private key does not belong to the certificate"},
        {"ecdsa.key", "ecdsa.key", "postern.toml:9:9: "},
        {"ecdsa.pem", "root.pem", "postern.toml:10:7: "},
        {"ecdsa.pem", "encrypted.key", "postern.toml:10:7: "},
        {"rsa1024.pem", "rsa1024.key", "postern.toml:10:7: "},
        {"ed25519.pem", "ed25519.key", "postern.toml:10:7: "},
    }));
    CAPTURE(row.chain, row.key);
    const Host host;
    host.use(row.chain, row.key);
    CHECK_FALSE(host.load().configuration);
    CHECK_THAT(host.mistakes(), Catch::StartsWith(row.mistake));
    CHECK(host.load().mistakes.errors() == 1);
}

TEST_CASE("a certificate outside its dates is a warning: mail goes on") {
    struct Row {
        std::string name;
        std::string warning;
    };
    const auto row = GENERATE(values<Row>({
        {"ecdsa", ""},
        {"expired", "postern.toml:9:9: warning: a.pem has expired; renew it\n"},
        {"not-yet-valid", "postern.toml:9:9: warning: a.pem is not valid yet\n"},
    }));
    const Host host;
    host.use(row.name + ".pem", row.name + ".key");
    CHECK(host.mistakes() == row.warning);
    CHECK(host.load().configuration);
}

TEST_CASE("a key that others have access to is a warning, one for our group is none") {
    struct Row {
        mode_t mode;
        std::string warning;
    };
    const std::string place = "postern.toml:10:7: warning: ";
    const auto row = GENERATE_COPY(values<Row>({
        {0400, ""},
        {0660, ""},
        {0604, place + "everybody on this host has access to the key a.key; chmod 600 it\n"},
        {0602, place + "everybody on this host has access to the key a.key; chmod 600 it\n"},
    }));
    CAPTURE(row.mode);
    const Host host;
    host.allow(row.mode);
    CHECK(host.mistakes() == row.warning);
    CHECK(host.load().configuration);
}

TEST_CASE("a key of another group is a warning when that group has access") {
    const Host host;
    constexpr gid_t other = 54321;
    // Only root can give it away.
    if (::chown(host.directory.path("a.key").c_str(), ::geteuid(), other) != 0) return;
    host.allow(0640);
    CHECK(host.mistakes() == "postern.toml:10:7: warning: the group 54321, which is not ours, has "
                             "access to the key a.key; chmod 600 it\n");
    host.allow(0600);
    CHECK(host.mistakes().empty());
}

TEST_CASE("a trust store that cannot be used is a warning, and nothing is trusted") {
    const Host host;
    const std::string text = GENERATE("no certificate", "");
    if (text.empty()) {
        std::filesystem::remove(host.directory.path("root.pem"));
    } else {
        host.directory.write("root.pem", text);
    }
    CHECK(host.mistakes() == "postern.toml:4:15: warning: the trust store root.pem cannot be used: "
                             "no certificate of a next hop is trusted\n");
    REQUIRE(host.load().configuration);
    CHECK_FALSE(host.load().configuration->trust);
}

TEST_CASE("every file that is missing is named where it is asked for, all in one go") {
    const Host host;
    for (const char* name : {"policy.toml", "a.pem", "a.key"}) {
        std::filesystem::remove(host.directory.path(name));
    }
    CHECK_FALSE(host.load().configuration);
    CHECK(host.mistakes() ==
          "policy.toml: cannot be opened: No such file or directory\n"
          "postern.toml:9:9: a.pem: cannot be opened: No such file or directory\n"
          "postern.toml:10:7: a.key: cannot be opened: No such file or directory\n");
}

TEST_CASE("without postern.toml there is one mistake, and the file is looked for again") {
    const Host host;
    std::filesystem::remove(host.directory.path("postern.toml"));
    const LoadedConfiguration loaded = host.load();
    CHECK_FALSE(loaded.configuration);
    CHECK(host.directory.without(loaded.mistakes.text()).starts_with("postern.toml: "));
    CHECK(std::ranges::find(loaded.files, host.directory.path("postern.toml")) !=
          loaded.files.end());
}

TEST_CASE("a domain of ours without a route is a mistake, but on a host that only sends") {
    const Host host;
    host.directory.write("policy.toml",
                         std::string(policy_text) + "[[organization]]\nname = \"other\"\n"
                                                    "domains = [\"example.net\"]\n");
    CHECK_FALSE(host.load().configuration);
    CHECK_THAT(host.mistakes(),
               Catch::StartsWith("policy.toml:7:12: no route has the domain example.net"));
    std::string sends{settings_text};
    sends.insert(sends.find("[[certificate]]"),
                 "direction = \"outbound\"\nclients = [\"127.0.0.0/8\"]\n");
    host.directory.write("postern.toml", sends);
    CHECK(host.mistakes().empty());
    CHECK(host.load().configuration);
}

TEST_CASE("mistakes of different files come together, by file and place") {
    const Host host;
    host.directory.write("postern.toml", std::string(settings_text) + "[log]\nlevel = \"loud\"\n");
    host.directory.write("policy.toml", std::string(policy_text) + "hostz = 1\n");
    host.use("ecdsa.pem", "rsa.key");
    CHECK_FALSE(host.load().configuration);
    CHECK(host.mistakes() ==
          "policy.toml:5:1: unknown key hostz; did you mean hosts?\n"
          "postern.toml:10:7: the private key does not belong to the certificate\n"
          "postern.toml:12:9: \"loud\" is not known; use error, warning, info or debug\n");
}

TEST_CASE("whatever was read or looked for is among the files, also when loading failed") {
    const Host host;
    host.directory.write("a.key", "spoilt");
    const LoadedConfiguration loaded = host.load();
    CHECK_FALSE(loaded.configuration);
    for (const char* name : {"postern.toml", "policy.toml", "root.pem", "a.pem", "a.key"}) {
        CAPTURE(name);
        CHECK(std::ranges::find(loaded.files, host.directory.path(name)) != loaded.files.end());
    }
}

TEST_CASE("the print tells whether TLS is to be made anew") {
    const Host host;
    const std::string before = host.load().configuration->tls_print;
    host.directory.write("policy.toml", std::string(policy_text) + "# a word more\n");
    CHECK(host.load(2).configuration->tls_print == before);
    SECTION("another certificate") { host.use("ecdsa384.pem", "ecdsa384.key"); }
    SECTION("another trust store") { host.directory.write("root.pem", fixture("other-root.pem")); }
    SECTION("another version") {
        std::string text{settings_text};
        text.insert(text.find("trust_store"), "minimum_version = \"1.3\"\n");
        host.directory.write("postern.toml", text);
    }
    REQUIRE(host.load().configuration);
    CHECK(host.load().configuration->tls_print != before);
}

TEST_CASE("a listener is known by its address") {
    const Host host;
    const Settings settings = host.load().configuration->settings;
    CHECK(has_listener(settings, "127.0.0.1:0"));
    CHECK_FALSE(has_listener(settings, "127.0.0.1:25"));
}

} // namespace postern::gateway::test
