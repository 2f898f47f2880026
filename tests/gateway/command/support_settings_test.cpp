#include "gateway/command/support_settings.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>

#include "tests/gateway/directory.h"

namespace postern::command::test {
namespace {

using gateway::test::Directory;

std::string text_of(const std::string& toml,
                    const std::string& file = "/etc/postern/postern.toml") {
    std::string text;
    section_of(gateway::settings_from(toml, file).settings).append_text(text);
    return text;
}

constexpr const char* usual = "hostname = \"mx1.example.org\"\n"
                              "policy = \"policy.toml\"\n"
                              "[[listener]]\n"
                              "name = \"mx\"\n"
                              "address = \"[::]:25\"\n";

} // namespace

TEST_CASE("what counts anyway is not said") {
    CHECK(text_of(usual) == "[settings]\n"
                            "  hostname: mx1.example.org\n"
                            "  policy: /etc/postern/policy.toml\n"
                            "  state_directory: /var/lib/postern\n"
                            "  admin.address: 127.0.0.1:8025\n"
                            "  listeners:\n"
                            "    mx: [::]:25, inbound, tls starttls\n"
                            "  certificates: none\n");
}

TEST_CASE("what differs is said under its key") {
    const std::string text = text_of("cores = 3\n" + std::string{usual} +
                                     "require_tls = true\n"
                                     "proxy_protocol = true\n"
                                     "proxies = [\"10.0.0.0/8\", \"192.0.2.1\"]\n"
                                     "[[listener]]\n"
                                     "name = \"out\"\n"
                                     "address = \"127.0.0.1:587\"\n"
                                     "direction = \"outbound\"\n"
                                     "clients = [\"10.0.0.0/8\"]\n"
                                     "[tls]\nminimum_version = \"1.3\"\n"
                                     "[dns]\nservers = [\"192.0.2.53\"]\n"
                                     "[delivery]\nretry = [\"1s\", \"2s\"]\n"
                                     "[limits]\nmessage_size = \"1MiB\"\n"
                                     "[timeouts]\ncommand = \"7s\"\n"
                                     "[log]\nlevel = \"debug\"\n");
    for (const std::string_view line :
         {"  cores: 3\n",
          "    mx: [::]:25, inbound, tls starttls, require_tls, proxy_protocol of 2 networks\n",
          "    out: 127.0.0.1:587, outbound, tls starttls, clients of 1 networks\n",
          "  tls.minimum_version: 1.3\n",
          "  dns.servers:\n    192.0.2.53:53\n",
          "  delivery.retry:\n    1000ms\n    2000ms\n",
          "  limits.message_size: 1048576\n",
          "  timeouts.command: 7000ms\n",
          "  log.level: debug\n"}) {
        CHECK_THAT(text, Catch::Contains(std::string{line}));
    }
    CHECK_FALSE(text.contains("timeouts.send"));
}

TEST_CASE("of a key its path is said and who may read it, and nothing of what is in it") {
    const Directory directory;
    const std::string key = directory.write("a.key", "the secret");
    std::filesystem::permissions(key, std::filesystem::perms{0640});
    const std::string certificate = "[[certificate]]\nchain = \"a.pem\"\nkey = ";
    const std::string text =
        text_of(usual + certificate + "\"a.key\"\n", directory.path("postern.toml"));
    CHECK_THAT(text, Catch::Contains("a.pem, key " + key + " (mode 0640, uid "));
    CHECK_FALSE(text.contains("the secret"));
    CHECK_THAT(text_of(usual + certificate + "\"none.key\"\n"),
               Catch::Contains("none.key (not there, or not for us)\n"));
    CHECK_FALSE(text_of(usual + certificate + "\"\"\"-----BEGIN PRIVATE KEY-----\nMIGHAgEA\"\"\"\n")
                    .contains("MIGHAgEA"));
}

} // namespace postern::command::test
