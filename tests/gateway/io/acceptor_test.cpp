#include "gateway/io/acceptor.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "tests/gateway/io/loop.h"

namespace postern::io {
namespace {

using std::chrono::milliseconds;
using test::Loop;

struct Accepted {
    std::vector<Descriptor> connections;
    std::vector<Error> failures;
};

// Until the acceptor is stopped; out of descriptors, it ends too.
Task<void> accept_all(Acceptor& acceptor, Accepted& accepted) {
    for (;;) {
        auto next = co_await acceptor.next();
        if (!next) {
            accepted.failures.push_back(next.error());
            co_return;
        }
        accepted.connections.push_back(std::move(*next));
    }
}

Task<void> accept_one(Acceptor& acceptor, Accepted& accepted) {
    auto next = co_await acceptor.next();
    if (next) {
        accepted.connections.push_back(std::move(*next));
    } else {
        accepted.failures.push_back(next.error());
    }
}

Descriptor connect_to(const Endpoint& address) {
    Descriptor fd{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(fd.valid());
    REQUIRE(::connect(fd.get(), address.data(), address.size()) == 0);
    return fd;
}

// For as long as this lives the process may have a few descriptors more, or none. An accept is
// bound by the limit of the time when it was asked for: those that run out later are used up by
// fill().
class FewDescriptors {
public:
    explicit FewDescriptors(rlim_t more) {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        const Descriptor lowest{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)};
        rlimit lowered = before_;
        lowered.rlim_cur = static_cast<rlim_t>(lowest.get()) + more;
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &lowered) == 0);
    }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

    void fill() {
        do {
            filling_.emplace_back(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
        } while (filling_.back().valid());
    }

private:
    rlimit before_{};
    std::vector<Descriptor> filling_;
};

// What recv() says: 0 at the end of the stream, an errno (negative), or how much there is.
int read_from(const Descriptor& fd) {
    char byte = 0;
    const ssize_t size = ::recv(fd.get(), &byte, 1, 0);
    return size < 0 ? -errno : static_cast<int>(size);
}

} // namespace

TEST_CASE("every one of many connections is accepted, each the peer of its client") {
    Loop loop;
    Acceptor acceptor{loop.ring(), test::listening()};
    Accepted accepted;
    loop.spawn(accept_all(acceptor, accepted));
    std::vector<std::string> expected;
    std::vector<Descriptor> clients;
    while (clients.size() < 100) {
        clients.push_back(connect_to(acceptor.address()));
        expected.push_back(Endpoint::local_of(clients.back().get()).text());
        if (clients.size() % 7 == 0) loop.ring().turn();
    }
    while (accepted.connections.size() < clients.size()) {
        loop.ring().turn();
    }
    acceptor.stop();
    loop.finish();
    CHECK(accepted.failures == std::vector{Error::cancelled});
    std::vector<std::string> come;
    for (const Descriptor& connection : accepted.connections) {
        come.push_back(Endpoint::peer_of(connection.get()).text());
        CHECK((::fcntl(connection.get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
    CHECK(come == expected);
}

TEST_CASE(
    "an acceptor that leaves gives what the kernel has accepted, and the others to a successor") {
    Loop loop;
    const Descriptor listening = test::listening();
    const Endpoint address = Endpoint::local_of(listening.get());
    Accepted accepted;
    std::vector<Descriptor> clients;
    {
        Acceptor acceptor{loop.ring(), Descriptor{::fcntl(listening.get(), F_DUPFD_CLOEXEC, 0)}};
        loop.spawn(accept_all(acceptor, accepted));
        for (int count = 0; count < 3; ++count) {
            clients.push_back(connect_to(address));
        }
        loop.ring().turn();
        clients.push_back(connect_to(address));
        acceptor.leave();
        loop.finish();
        CHECK(acceptor.idle());
    }
    CHECK(accepted.failures == std::vector{Error::cancelled});
    CHECK(accepted.connections.size() >= 3);
    clients.push_back(connect_to(address)); // nobody accepts at the moment, and nobody refuses
    Acceptor successor{loop.ring(), Descriptor{::fcntl(listening.get(), F_DUPFD_CLOEXEC, 0)}};
    loop.spawn(accept_all(successor, accepted));
    while (accepted.connections.size() < clients.size()) {
        loop.ring().turn();
    }
    successor.stop();
    loop.finish();
    const Descriptor late{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    CHECK(::connect(late.get(), address.data(), address.size()) != 0); // stop() ends the address
}

TEST_CASE("out of descriptors is said, and once there are some the clients are accepted") {
    Loop loop;
    Acceptor acceptor{loop.ring(), test::listening()};
    std::vector<Descriptor> clients;
    while (clients.size() < 3) {
        clients.push_back(connect_to(acceptor.address()));
    }
    Accepted accepted;
    {
        const FewDescriptors none{0};
        loop.run(accept_all(acceptor, accepted));
        loop.run(accept_one(acceptor, accepted)); // asked again too early
    }
    CHECK(accepted.failures == std::vector{Error::exhausted, Error::exhausted});
    CHECK(accepted.connections.empty());

    loop.spawn(accept_all(acceptor, accepted));
    while (accepted.connections.size() < clients.size()) {
        loop.ring().turn();
    }
    acceptor.stop();
    loop.finish();
}

TEST_CASE("descriptors may run out while an acceptor waits: those who came then are not lost") {
    Loop loop;
    Acceptor acceptor{loop.ring(), test::listening()};
    const Endpoint address = acceptor.address();
    Accepted accepted;
    {
        FewDescriptors few{4};
        loop.spawn(accept_all(acceptor, accepted));
        const Descriptor first = connect_to(address);
        while (accepted.connections.empty()) {
            loop.ring().turn();
        }
        const Descriptor second{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        few.fill();
        REQUIRE(::connect(second.get(), address.data(), address.size()) == 0);
        loop.finish();
        CHECK(accepted.failures == std::vector{Error::exhausted});
    }
    loop.run(accept_one(acceptor, accepted));
    CHECK(accepted.connections.size() == 2);
}

TEST_CASE("an acceptor stops, whether one waits, in the kernel or not yet") {
    Loop loop;
    Acceptor acceptor{loop.ring(), test::listening()};
    Accepted accepted;
    CHECK(acceptor.idle());
    const auto turns = GENERATE(0, 1);
    loop.spawn(accept_all(acceptor, accepted));
    if (turns == 1) loop.turn_for(milliseconds{1});
    CHECK_FALSE(acceptor.idle());
    acceptor.stop();
    acceptor.stop();
    CHECK(accepted.failures.empty()); // nobody runs inside stop()
    loop.finish();
    while (!acceptor.idle()) {
        loop.ring().turn();
    }
    CHECK(accepted.failures == std::vector{Error::cancelled});
    loop.run(accept_one(acceptor, accepted));
    CHECK(accepted.failures == std::vector{Error::cancelled, Error::cancelled});
    CHECK(acceptor.idle());
}

TEST_CASE("what was accepted before the stop still comes out, and nothing afterwards") {
    Loop loop;
    Acceptor acceptor{loop.ring(), test::listening()};
    Accepted accepted;
    loop.spawn(accept_one(acceptor, accepted));
    std::array<Descriptor, 3> clients;
    for (Descriptor& client : clients) {
        client = connect_to(acceptor.address());
    }
    loop.finish();
    loop.turn_for(milliseconds{1}); // the kernel went on accepting
    acceptor.stop();
    loop.run(accept_all(acceptor, accepted));
    CHECK(accepted.connections.size() == clients.size());
    CHECK(accepted.failures == std::vector{Error::cancelled});
}

TEST_CASE("an acceptor that goes closes its door, and whoever was let in but never asked for") {
    Loop loop;
    std::optional<Acceptor> acceptor{std::in_place, loop.ring(), test::listening()};
    const Endpoint address = acceptor->address();
    Accepted accepted;
    loop.spawn(accept_one(*acceptor, accepted));
    const Descriptor first = connect_to(address);
    const Descriptor second = connect_to(address);
    loop.finish();
    loop.turn_for(milliseconds{1});
    acceptor.reset();
    loop.turn_for(milliseconds{1});

    CHECK(accepted.connections.size() == 1);
    const int seen = read_from(second);
    CHECK((seen == 0 || seen == -ECONNRESET));
    const Descriptor late{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    CHECK(::connect(late.get(), address.data(), address.size()) == -1);
    CHECK(errno == ECONNREFUSED);
}

TEST_CASE("a ring may go right after its acceptor") {
    std::optional<Endpoint> address;
    {
        Loop loop;
        Acceptor acceptor{loop.ring(), test::listening()};
        address = acceptor.address();
        Accepted accepted;
        loop.spawn(accept_one(acceptor, accepted));
        const Descriptor client = connect_to(*address);
        loop.finish();
        CHECK_FALSE(acceptor.idle());
    }
    CHECK(listen_on(*address, 1)); // nothing listens there any more
    CHECK(check_free(*address));
}

TEST_CASE("cores share an address, and another process's address is not free") {
    const Descriptor first = test::listening();
    const Endpoint address = Endpoint::local_of(first.get());
    CHECK(listen_on(address, 8));
    const auto free = check_free(address);
    REQUIRE_FALSE(free);
    CHECK(free.error() == "cannot listen on " + address.text() + ": Address already in use");
}

TEST_CASE("where one cannot listen, the reason and the address are told") {
    // TEST-NET-1 (RFC 5737) is nobody's.
    const auto foreign = listen_on(Endpoint::parse("192.0.2.1:0").value(), 8);
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error() == "cannot listen on 192.0.2.1:0: Cannot assign requested address");
    const auto nowhere = listen_on(Endpoint{}, 8);
    REQUIRE_FALSE(nowhere);
    CHECK_THAT(nowhere.error(), Catch::StartsWith("cannot make a socket for "));
    const FewDescriptors none{0};
    const auto exhausted = listen_on(Endpoint::parse("127.0.0.1:0").value(), 8);
    CHECK(exhausted.error() == "cannot make a socket for 127.0.0.1:0: Too many open files");
}

} // namespace postern::io
