#pragma once

#include "gateway/io/descriptor.h"
#include "gateway/io/endpoint.h"
#include "gateway/settings.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/gateway/directory.h"
#include "tests/gateway/io/loop.h"

extern char** environ;

namespace postern::dns::test {

// A UDP socket on loopback with a port of its own.
inline io::Descriptor udp_socket() {
    io::Descriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    const io::Endpoint any = io::Endpoint::parse("127.0.0.1:0").value();
    REQUIRE(::bind(socket.get(), any.data(), any.size()) == 0);
    return socket;
}

inline gateway::DnsSettings asking(const io::Endpoint& server, std::string trust_anchor = "") {
    return {.servers = {gateway::IpEndpoint::parse(server.text()).value()},
            .trust_anchor = std::move(trust_anchor)};
}

// A server that takes questions and never answers.
class SilentServer {
public:
    [[nodiscard]] gateway::DnsSettings settings() const {
        return asking(io::Endpoint::local_of(socket_.get()));
    }
    [[nodiscard]] bool was_asked() const {
        pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        return ::poll(&waiting, 1, 0) == 1;
    }

private:
    io::Descriptor socket_ = udp_socket();
};

// Knot DNS, an authoritative name server, on a port of its own, with the zones of a test. It is
// ready when it is made: it says so itself, as it would to systemd.
class NameServer {
public:
    // The records of each zone, without SOA and NS. "." with `sign` is signed by keys made for it.
    // A zone without text is configured and has no file: the server answers SERVFAIL.
    using Zones = std::map<std::string, std::string>;
    enum class Sign : std::uint8_t { nothing, root };

    explicit NameServer(const Zones& zones, Sign sign = Sign::nothing) {
        for (int attempt = 0; attempt < 5 && process_ == 0; ++attempt) {
            write(zones, sign); // the port may have been taken before the server took it
            start();
        }
        INFO(log());
        REQUIRE(process_ != 0);
    }
    NameServer(const NameServer&) = delete;
    NameServer& operator=(const NameServer&) = delete;
    ~NameServer() { stop(); }

    [[nodiscard]] gateway::DnsSettings settings() const { return asking(endpoint_); }
    // The same, and believing in the key of the root that it signs.
    [[nodiscard]] gateway::DnsSettings validating() const {
        const std::string command =
            "exec /usr/sbin/keymgr -c " + directory_.path("knot.conf") + " . ds 2>&1";
        std::string records;
        const std::unique_ptr<FILE, decltype(&::pclose)> output{::popen(command.c_str(), "r"),
                                                                &::pclose};
        REQUIRE(output);
        std::array<char, 512> line{};
        while (std::fgets(line.data(), line.size(), output.get()) != nullptr) {
            records += line.data();
        }
        return asking(endpoint_, directory_.write("anchor", records));
    }
    void stop() {
        if (process_ == 0) return;
        ::kill(process_, SIGTERM);
        ::waitpid(process_, nullptr, 0);
        process_ = 0;
    }

private:
    void write(const Zones& zones, Sign sign) {
        endpoint_ = io::Endpoint::local_of(udp_socket().get());
        std::string text = "server:\n    listen: 127.0.0.1@" + std::to_string(endpoint_.port()) +
                           "\n    rundir: " + directory_.path("") +
                           "\n    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n"
                           "log:\n  - target: " +
                           directory_.path("log") +
                           "\n    any: info\n"
                           "database:\n    storage: " +
                           directory_.path("database") +
                           "\npolicy:\n  - id: own\n    algorithm: ecdsap256sha256\n"
                           "    single-type-signing: on\n"
                           "template:\n  - id: default\n    storage: " +
                           directory_.path("") +
                           "\n    zonefile-sync: -1\n    journal-content: none\nzone:\n";
        for (const auto& [name, records] : zones) {
            const std::string file = "zone-" + name;
            text += "  - domain: \"" + name + "\"\n    file: \"" + file + "\"\n";
            if (name == "." && sign == Sign::root)
                text += "    dnssec-signing: on\n    dnssec-policy: own\n";
            if (records.empty()) continue;
            directory_.write(
                file, "$TTL 60\n@ SOA ns. postmaster. 1 60 60 600 60\n@ NS ns.\n" + records + "\n");
        }
        directory_.write("knot.conf", text);
        std::filesystem::create_directory(directory_.path("database")); // for its keys
    }

    void start() {
        const io::Descriptor ready{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = directory_.path("ready");
        ::unlink(path.c_str());
        REQUIRE(path.size() < sizeof address.sun_path);
        std::memcpy(&address.sun_path[0], path.c_str(), path.size() + 1);
        REQUIRE(::bind(ready.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
        spawn("NOTIFY_SOCKET=" + path);
        if (!says_ready(ready.get())) stop();
    }

    void spawn(const std::string& notify) {
        const std::string conf = directory_.path("knot.conf");
        std::array<const char*, 4> arguments{"knotd", "-c", conf.c_str(), nullptr};
        std::vector<const char*> environment{notify.c_str()};
        for (char** entry = environ; *entry != nullptr; ++entry) {
            environment.push_back(*entry);
        }
        environment.push_back(nullptr);
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        const std::string output = directory_.path("output");
        for (const int fd : {1, 2}) {
            posix_spawn_file_actions_addopen(
                &files, fd, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        }
        const int problem = ::posix_spawn(&process_,
                                          "/usr/sbin/knotd",
                                          &files,
                                          nullptr,
                                          const_cast<char* const*>(arguments.data()),
                                          const_cast<char* const*>(environment.data()));
        posix_spawn_file_actions_destroy(&files);
        INFO("is knot installed? deploy/install-packages");
        REQUIRE(problem == 0);
    }

    // False: it ended instead.
    [[nodiscard]] bool says_ready(int fd) const {
        constexpr int look_ms = 50; // between looks whether it lives
        const auto deadline = io::Clock::now() + io::test::patience;
        std::array<char, 512> text{};
        while (io::Clock::now() < deadline) {
            pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
            if (::poll(&waiting, 1, look_ms) == 1) {
                const ssize_t size = ::recv(fd, text.data(), text.size(), 0);
                const std::string_view said{text.data(), size > 0 ? std::size_t(size) : 0};
                if (said.contains("READY=1")) return true;
            }
            siginfo_t ended{};
            ::waitid(P_PID, static_cast<id_t>(process_), &ended, WEXITED | WNOHANG | WNOWAIT);
            if (ended.si_pid != 0) return false;
        }
        return false;
    }

    [[nodiscard]] std::string log() const {
        std::string all;
        for (const char* const name : {"output", "log"}) {
            std::ifstream file(directory_.path(name));
            all.append(std::istreambuf_iterator<char>(file), {});
        }
        return all;
    }

    gateway::test::Directory directory_;
    io::Endpoint endpoint_;
    pid_t process_ = 0;
};

} // namespace postern::dns::test
