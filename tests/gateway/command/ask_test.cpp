#include "gateway/command/ask.h"
#include "gateway/io/descriptor.h"

#include <catch2/catch.hpp>

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "tests/gateway/command/outcome.h"
#include "tests/gateway/directory.h"

namespace postern::command::test {
namespace {

using gateway::test::Directory;

std::string settings_with(std::string_view state_directory) {
    return "hostname = \"mx1.example.org\"\n"
           "policy = \"policy.toml\"\n"
           "state_directory = \"" +
           std::string{state_directory} +
           "\"\n"
           "[[listener]]\n"
           "name = \"mx\"\n"
           "address = \"127.0.0.1:0\"\n"
           "tls = \"off\"\n";
}

// A host whose state directory is that of its files.
struct Host {
    Directory directory;
    std::string config = directory.write("postern.toml", settings_with("."));
    std::string socket = directory.path("control.sock");

    [[nodiscard]] Outcome asked(Command command, Arguments more = {}) const {
        more.insert(more.end(), {"--config", config});
        Outcome outcome = outcome_of(command, more);
        outcome.err = directory.without(std::move(outcome.err));
        return outcome;
    }
};

struct Asked {
    Command command;
    std::string_view name;
};

enum class Hearing : std::uint8_t { the_line, nothing, the_line_then_signals };

// The gateway's end of the control socket, for one connection: hears a line, answers, hangs up.
class Gateway {
public:
    Gateway(const std::string& path, std::string answer, Hearing hearing = Hearing::the_line)
        : fd_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        REQUIRE(path.size() < sizeof address.sun_path);
        std::ranges::copy(path, address.sun_path);
        REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
        REQUIRE(::listen(fd_.get(), 1) == 0);
        thread_ =
            std::thread{[this, answer = std::move(answer), hearing] { serve(answer, hearing); }};
    }
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;
    ~Gateway() { join(); }

    // To be asked when the command has returned.
    [[nodiscard]] const std::string& heard() {
        join();
        return heard_;
    }

private:
    void join() {
        ::shutdown(fd_.get(), SHUT_RDWR); // wakes a thread that nobody has connected to
        if (thread_.joinable()) thread_.join();
    }
    void serve(std::string_view answer, Hearing hearing) {
        const io::Descriptor peer{::accept(fd_.get(), nullptr, nullptr)};
        if (!peer.valid()) return;
        std::array<char, 64> part{};
        if (hearing == Hearing::nothing) { // closed with bytes unread, a connection is reset
            [[maybe_unused]] const auto seen =
                ::recv(peer.get(), part.data(), part.size(), MSG_PEEK);
            return;
        }
        while (!heard_.ends_with('\n')) {
            const auto got = ::recv(peer.get(), part.data(), part.size(), 0);
            if (got <= 0) return;
            heard_.append(part.data(), static_cast<std::size_t>(got));
        }
        if (hearing == Hearing::the_line_then_signals) {
            for (int count = 0; count < 1000; ++count) {
                ::pthread_kill(maker_, SIGUSR1);
                std::this_thread::yield();
            }
        }
        while (!answer.empty()) {
            const auto sent = ::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            answer.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    io::Descriptor fd_;
    std::string heard_;
    pthread_t maker_ = ::pthread_self();
    std::thread thread_;
};

// While it lives, the signal interrupts what waits, and has no other effect.
class HarmlessSignal {
public:
    explicit HarmlessSignal(int number) : number_(number) {
        struct sigaction action{};
        action.sa_handler = [](int) {};
        REQUIRE(::sigaction(number, &action, &before_) == 0);
    }
    HarmlessSignal(const HarmlessSignal&) = delete;
    HarmlessSignal& operator=(const HarmlessSignal&) = delete;
    ~HarmlessSignal() { ::sigaction(number_, &before_, nullptr); }

private:
    int number_;
    struct sigaction before_{};
};

} // namespace

TEST_CASE("status says what the running gateway says, a line each or as it came") {
    struct Row {
        std::string_view json;
        std::string_view readable;
    };
    const auto row = GENERATE(
        Row{R"({"version":"1.0","started":"2026-11-24T08:29:28Z","cores":2})",
            "version: 1.0\nstarted: 2026-11-24T08:29:28Z\ncores: 2"},
        Row{R"({"listeners":["[::]:25","a,b"],"cores":2})", "listeners: [[::]:25,a,b]\ncores: 2"},
        Row{R"({"a":"{\"b\",\\}"})", R"(a: {"b",\})"},
        Row{R"({"a":"cut)", "a: cut"},
        Row{R"({"a":"cut\)", R"(a: cut\)"},
        Row{"\n", "\n"},
        Row{"", ""});
    CAPTURE(row.json);
    const Host host;
    const bool json = GENERATE(false, true);
    Gateway gateway{host.socket, "ok\n" + std::string{row.json}};
    const auto [code, out, err] = host.asked(status, json ? Arguments{"--json"} : Arguments{});
    CHECK(gateway.heard() == "status\r\n");
    CHECK(code == 0);
    CHECK(out == (json ? row.json : row.readable));
    CHECK(err.empty());
}

TEST_CASE("reload prints the warnings of a success, and the mistakes of a refusal as errors") {
    const Host host;
    const std::string_view details = "generation 7\npolicy.toml:1:1: something\n";
    const bool done = GENERATE(true, false);
    Gateway gateway{host.socket, (done ? "ok\n" : "refused\n") + std::string{details}};
    const auto [code, out, err] = host.asked(reload);
    CHECK(gateway.heard() == "reload\r\n");
    CHECK(code == (done ? 0 : 1));
    CHECK((done ? out : err) == details);
    CHECK((done ? err : out).empty());
}

TEST_CASE("an answer of any length arrives whole") {
    const Host host;
    std::string details;
    while (details.size() < 1'000'000)
        details += "banks.txt:" + std::to_string(details.size()) + ":1: is no entry\n";
    const Gateway gateway{host.socket, "refused\n" + details};
    CHECK(host.asked(reload).err == details);
}

TEST_CASE("an answer that makes no sense is not taken for a yes") {
    struct Row {
        std::string_view answer;
        std::string_view complaint;
    };
    const auto row = GENERATE(Row{"okay\n", "not understood\n"},
                              Row{"ok", "not understood\n"},
                              Row{"\nok\n", "not understood\n"},
                              Row{"HTTP/1.1 200 OK\r\n\r\n", "not understood\n"},
                              Row{std::string_view{"\0ok\n", 4}, "not understood\n"},
                              Row{"", "the gateway at ./control.sock gave no answer\n"});
    const auto asked = GENERATE(Asked{reload, "reload"}, Asked{status, "status"});
    CAPTURE(row.answer, asked.name);
    const Host host;
    const Gateway gateway{host.socket, std::string{row.answer}};
    const auto [code, out, err] = host.asked(asked.command);
    CHECK(code == 1);
    CHECK(out.empty());
    CHECK(err == "postern " + std::string{asked.name} + ": " + std::string{row.complaint});
}

TEST_CASE("status takes a refusal for no status") {
    const Host host;
    const Gateway gateway{host.socket, "refused\nunknown request\n"};
    const auto [code, out, err] = host.asked(status);
    CHECK(code == 1);
    CHECK(out.empty());
    CHECK(err == "postern status: not understood\n");
}

TEST_CASE("a gateway that breaks off is no answer, and the cause is told") {
    const Host host;
    const Gateway gateway{host.socket, "", Hearing::nothing};
    const auto [code, out, err] = host.asked(reload);
    CHECK(code == 1);
    CHECK(err ==
          "postern reload: no gateway answers at ./control.sock: Connection reset by peer\n");
}

TEST_CASE("a signal while a command waits, as from a terminal, does not end the wait") {
    const HarmlessSignal harmless{SIGUSR1};
    const Host host;
    const Gateway gateway{host.socket, "ok\ngeneration 7\n", Hearing::the_line_then_signals};
    const auto [code, out, err] = host.asked(reload);
    CHECK(code == 0);
    CHECK(out == "generation 7\n");
    CHECK(err.empty());
}

TEST_CASE("where no gateway runs the commands say so") {
    const Host host;
    const auto absent = host.asked(reload);
    CHECK(absent.code == 1);
    CHECK(absent.err ==
          "postern reload: no gateway answers at ./control.sock: No such file or directory\n");

    {
        const Gateway gone{host.socket, ""};
    }
    const auto left_behind = host.asked(status);
    CHECK(left_behind.code == 1);
    CHECK(left_behind.err ==
          "postern status: no gateway answers at ./control.sock: Connection refused\n");
}

TEST_CASE("a state directory whose name is too long for a socket is told from an absent gateway") {
    constexpr std::size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;
    const std::string_view socket = "/control.sock";
    const Directory directory;
    const auto complaint_for = [&](std::size_t bytes) {
        const std::string state = "/" + std::string(bytes - socket.size() - 1, 'd');
        const std::string config = directory.write("postern.toml", settings_with(state));
        const auto [code, out, err] = outcome_of(status, {"--config", config});
        CHECK(code == 1);
        return err;
    };
    CHECK_THAT(complaint_for(path_bytes_max), Catch::EndsWith(": No such file or directory\n"));
    CHECK_THAT(complaint_for(path_bytes_max + 1), Catch::EndsWith(" is too long for a socket\n"));
}

TEST_CASE("with a file that cannot be understood no gateway is asked, least of all another one") {
    const Host host;
    host.directory.write("postern.toml", "hostname = \n");
    const auto broken = host.asked(reload);
    CHECK(broken.code == 1);
    CHECK_THAT(broken.err, Catch::StartsWith("postern reload: postern.toml:1:"));

    std::filesystem::remove(host.config);
    const auto absent = host.asked(status);
    CHECK(absent.code == 1);
    CHECK(absent.err ==
          "postern status: postern.toml: cannot be opened: No such file or directory\n");
}

TEST_CASE("mistakes in a file are the running gateway's to tell") {
    const Host host;
    host.directory.write("postern.toml", "state_directory = \".\"\nhostnam = 1\n");
    Gateway gateway{host.socket, "refused\nall of them\n"};
    CHECK(host.asked(reload).err == "all of them\n");
    CHECK(gateway.heard() == "reload\r\n");
}

TEST_CASE("reload and status name a wrong argument, and --help asks nobody") {
    const auto asked = GENERATE(Asked{reload, "reload"}, Asked{status, "status"});
    const std::string name{asked.name};
    const auto wrong = outcome_of(asked.command, {"now"});
    CHECK(wrong.code == 2);
    CHECK(wrong.out.empty());
    CHECK(wrong.err == "postern " + name + ": unknown argument \"now\"; try --help\n");

    const auto helped = outcome_of(asked.command, {"--config", "/nonexistent", "--help"});
    CHECK(helped.code == 0);
    CHECK_THAT(helped.out, Catch::StartsWith("usage: postern " + name + " "));
    CHECK(helped.err.empty());
}

} // namespace postern::command::test
