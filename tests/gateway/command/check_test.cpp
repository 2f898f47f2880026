#include "gateway/command/check.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace postern::command {
namespace {

/// A host's files in a directory of their own.
class Host {
public:
    Host() {
        std::string pattern = (std::filesystem::temp_directory_path() / "postern-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
        write("postern.toml", settings);
        write("policy.toml", policy);
    }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    ~Host() { std::filesystem::remove_all(directory_); }

    void write(std::string_view name, std::string_view text) const {
        std::ofstream(directory_ / name) << text;
    }
    void make_certificate(std::string_view name) const {
        const std::string base = (directory_ / name).string();
        const std::string command =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 "
            "-subj /CN=mx1.example.org -keyout " +
            base + ".key -out " + base + ".pem 2>/dev/null";
        REQUIRE(std::system(command.c_str()) == 0); // NOLINT(concurrency-mt-unsafe): one thread
    }

    struct Outcome {
        int code;
        std::string out;
        std::string err;
    };
    /// What `check` says, with the directory taken out of it.
    [[nodiscard]] Outcome check(std::vector<std::string_view> more = {}) const {
        const std::string config = (directory_ / "postern.toml").string();
        std::vector<std::string_view> arguments{"--config", config};
        arguments.insert(arguments.end(), more.begin(), more.end());
        std::ostringstream out;
        std::ostringstream err;
        const int code = command::check(arguments, out, err);
        return {.code = code, .out = without_directory(out.str()), .err = err.str()};
    }

    static constexpr std::string_view settings = "hostname = \"mx1.example.org\"\n"
                                                 "policy = \"policy.toml\"\n"
                                                 "[[listener]]\n"
                                                 "name = \"mx\"\n"
                                                 "address = \"127.0.0.1:0\"\n"
                                                 "tls = \"off\"\n";
    static constexpr std::string_view with_certificate = "[[certificate]]\n"
                                                         "chain = \"a.pem\"\n"
                                                         "key = \"a.key\"\n";
    static constexpr std::string_view policy = "[[route]]\n"
                                               "name = \"servers\"\n"
                                               "domains = [\"example.org\"]\n"
                                               "hosts = [\"127.0.0.1:25\"]\n";

private:
    [[nodiscard]] std::string without_directory(std::string text) const {
        const std::string prefix = directory_.string() + "/";
        for (std::size_t at = 0; (at = text.find(prefix)) != std::string::npos;) {
            text.erase(at, prefix.size());
        }
        return text;
    }

    std::filesystem::path directory_;
};

int check_with(std::vector<std::string_view> arguments, std::string& out, std::string& err) {
    std::ostringstream out_stream;
    std::ostringstream err_stream;
    const int code = check(arguments, out_stream, err_stream);
    out = out_stream.str();
    err = err_stream.str();
    return code;
}

} // namespace

TEST_CASE("files without a mistake are fit to run") {
    const Host host;
    const auto [code, out, err] = host.check();
    CHECK(out == "0 errors, 0 warnings\n");
    CHECK(err.empty());
    CHECK(code == 0);
}

TEST_CASE("mistakes of all files are said in one go, in order, and then counted") {
    const Host host;
    host.write("postern.toml",
               std::string(Host::settings) + "require_tl = true\n[log]\nlevel = \"loud\"\n");
    host.write("policy.toml", std::string(Host::policy) + "hostz = 1\n");
    const auto [code, out, err] = host.check();
    CHECK(code == 1);
    CHECK(out == "policy.toml:5:1: unknown key hostz; did you mean hosts?\n"
                 "postern.toml:7:1: unknown key require_tl; did you mean require_tls?\n"
                 "postern.toml:9:9: \"loud\" is not known; use error, warning, info or debug\n"
                 "3 errors, 0 warnings\n");
}

TEST_CASE("a warning alone is no reason not to run") {
    const Host host;
    host.write("postern.toml", std::string(Host::settings) + "proxies = []\n");
    const auto [code, out, err] = host.check();
    CHECK(code == 0);
    CHECK(out.ends_with("0 errors, 1 warning\n"));
}

TEST_CASE("programs get the same as JSON") {
    const Host host;
    host.write("postern.toml", std::string(Host::settings) + "proxies = []\nrequire_tl = true\n");
    const auto [code, out, err] = host.check({"--json"});
    CHECK(code == 1);
    CHECK(out == R"({"errors":1,"warnings":1,"mistakes":[)"
                 R"({"severity":"warning","file":"postern.toml","line":7,"column":11,)"
                 R"("message":"proxies has no effect without proxy_protocol = true"},)"
                 R"({"severity":"error","file":"postern.toml","line":8,"column":1,)"
                 R"("message":"unknown key require_tl; did you mean require_tls?"}]})"
                 "\n");
}

TEST_CASE("a certificate is looked at where it is named") {
    const Host host;
    host.write("postern.toml", std::string(Host::settings) + std::string(Host::with_certificate));
    CHECK(host.check().out ==
          "postern.toml:8:9: a.pem: cannot be opened: No such file or directory\n"
          "postern.toml:9:7: a.key: cannot be opened: No such file or directory\n"
          "2 errors, 0 warnings\n");
    host.make_certificate("a");
    CHECK(host.check().code == 0);
    host.make_certificate("b");
    std::string mixed(Host::with_certificate);
    mixed.replace(mixed.find("a.key"), 5, "b.key");
    host.write("postern.toml", std::string(Host::settings) + mixed);
    CHECK(host.check().out.starts_with("postern.toml:9:7: "));
    CHECK(host.check().code == 1);
}

TEST_CASE("wrong usage says how it is used, and --help is no error") {
    std::string out;
    std::string err;
    CHECK(check_with({"--help"}, out, err) == 0);
    CHECK(out.starts_with("usage: postern check "));
    CHECK(check_with({"--colour"}, out, err) == 2);
    CHECK(out.empty());
    CHECK(err.starts_with("postern check: "));
    CHECK(check_with({"--config"}, out, err) == 2);
    CHECK(check_with({"--config", "/nonexistent/postern.toml"}, out, err) == 1);
    CHECK(out == "/nonexistent/postern.toml: cannot be opened: No such file or directory\n"
                 "1 error, 0 warnings\n");
}

} // namespace postern::command
