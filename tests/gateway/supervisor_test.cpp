#include "gateway/io/endpoint.h"
#include "gateway/supervisor.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "tests/gateway/directory.h"
#include "tests/gateway/io/loop.h"

namespace postern::gateway {
namespace {

/// For as long as this lives, these are the variables of the protocol.
class Environment {
public:
    explicit Environment(const std::map<std::string, std::string>& variables) {
        for (const char* const name : names) {
            ::unsetenv(name);
        }
        for (const auto& [name, value] : variables) {
            ::setenv(name.c_str(), value.c_str(), 1);
        }
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() {
        for (const char* const name : names) {
            ::unsetenv(name);
        }
    }

private:
    static constexpr std::array names{
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID"};
};

/// The other end: what it is told, and the descriptors that came along.
class Listener {
public:
    explicit Listener(const std::string& name)
        : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, name.data(), name.size());
        if (name.front() == '@') address.sun_path[0] = '\0';
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    }

    [[nodiscard]] std::string told() {
        std::array<char, 4096> text{};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 253)> room{};
        iovec words{.iov_base = text.data(), .iov_len = text.size()};
        msghdr message{};
        message.msg_iov = &words;
        message.msg_iovlen = 1;
        message.msg_control = room.data();
        message.msg_controllen = room.size();
        const ssize_t size = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        sockets.clear();
        if (size < 0) return "nothing";
        const cmsghdr* const header = CMSG_FIRSTHDR(&message);
        if (header != nullptr) {
            std::vector<int> fds((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
            std::memcpy(fds.data(), CMSG_DATA(header), fds.size() * sizeof(int));
            for (const int fd : fds) {
                sockets.emplace_back(fd);
            }
        }
        return {text.data(), static_cast<std::size_t>(size)};
    }

    std::vector<io::Descriptor> sockets;

private:
    io::Descriptor fd_;
};

} // namespace

TEST_CASE("a supervisor is told things at its socket, with or without a file") {
    const test::Directory directory;
    const std::string file = directory.path("notify");
    const std::string abstract = "@postern-test-" + std::to_string(::getpid());
    for (const std::string& name : {file, abstract}) {
        Listener listener{name};
        const Environment environment{{{"NOTIFY_SOCKET", name}}};
        const Supervisor supervisor = Supervisor::from_environment();
        CHECK(supervisor.present());
        supervisor.tell("READY=1\nSTATUS=well");
        CHECK(listener.told() == "READY=1\nSTATUS=well");
        CHECK(listener.sockets.empty());
    }
}

TEST_CASE("without a supervisor nothing is said, and nothing is wrong") {
    const test::Directory directory;
    const std::string nobody = directory.path("nobody");
    for (const std::string& name :
         {std::string{}, std::string{"relative"}, nobody, "/" + std::string(200, 'x')}) {
        const Environment environment{{{"NOTIFY_SOCKET", name}}};
        const Supervisor supervisor = Supervisor::from_environment();
        CHECK_FALSE(supervisor.present());
        supervisor.tell("READY=1");
    }
}

TEST_CASE("sockets to keep arrive as themselves, however many") {
    const std::string name = "@postern-keep-" + std::to_string(::getpid());
    Listener listener{name};
    const Environment environment{{{"NOTIFY_SOCKET", name}}};
    const Supervisor supervisor = Supervisor::from_environment();
    const io::Descriptor socket = io::test::listening();
    const std::vector<int> sockets(254, socket.get());
    supervisor.keep(sockets);
    CHECK(listener.told() == "FDSTORE=1\nFDNAME=listener");
    REQUIRE(listener.sockets.size() == 253);
    CHECK(io::Endpoint::local_of(listener.sockets[252].get()).text() ==
          io::Endpoint::local_of(socket.get()).text());
    CHECK(listener.told() == "FDSTORE=1\nFDNAME=listener");
    CHECK(listener.sockets.size() == 1);
    CHECK(listener.told() == "nothing");
}

TEST_CASE("a watchdog counts when it is meant for this process") {
    struct Row {
        std::string microseconds;
        std::string process;
        std::chrono::microseconds expected;
    };
    const std::string ours = std::to_string(::getpid());
    const std::vector<Row> rows{
        {"30000000", ours, std::chrono::seconds{30}},
        {"30000000", "", std::chrono::seconds{30}},
        {"30000000", "1", std::chrono::seconds{0}},
        {"", ours, std::chrono::seconds{0}},
        {"soon", ours, std::chrono::seconds{0}},
    };
    for (const Row& row : rows) {
        const Environment environment{
            {{"WATCHDOG_USEC", row.microseconds}, {"WATCHDOG_PID", row.process}}};
        CHECK(Supervisor::from_environment().watchdog() == row.expected);
    }
}

TEST_CASE("sockets are taken over by the process that they are meant for, if they listen") {
    // Descriptors from 3 on: in a process of its own, where those numbers are free to use.
    const io::Descriptor listening = io::test::listening();
    const io::Descriptor other{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const pid_t child = ::fork();
    if (child == 0) {
        const int high = ::fcntl(listening.get(), F_DUPFD, 100);
        const int deaf = ::fcntl(other.get(), F_DUPFD, 100);
        ::dup2(high, 3);
        ::dup2(deaf, 4);
        ::dup2(high, 5);
        const std::string ours = std::to_string(::getpid());
        ::setenv("LISTEN_FDS", "2", 1);
        ::setenv("LISTEN_PID", "1", 1);
        const bool none = Supervisor::from_environment().take_sockets().empty();
        ::setenv("LISTEN_PID", ours.c_str(), 1);
        const auto sockets = Supervisor::from_environment().take_sockets();
        const bool one =
            sockets.size() == 1 && sockets[0].get() == 3 && (::fcntl(3, F_GETFD) & FD_CLOEXEC) != 0;
        const bool rest = ::fcntl(4, F_GETFD) < 0 && ::fcntl(5, F_GETFD) >= 0;
        ::_exit(none && one && rest ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

} // namespace postern::gateway
