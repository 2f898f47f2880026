#include "gateway/io/acceptor.h"
#include "gateway/io/endpoint.h"
#include "gateway/listening.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

#include "tests/gateway/io/loop.h"

namespace postern::gateway {
namespace {

std::string address_of(const io::Descriptor& fd) { return io::Endpoint::local_of(fd.get()).text(); }

struct Pair {
    io::Descriptor ours;
    io::Descriptor theirs;
};

Pair connected() {
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
    return {.ours = io::Descriptor{fds[0]}, .theirs = io::Descriptor{fds[1]}};
}

// As systemd-socket-activate(1) leaves it: without SO_REUSEPORT.
io::Descriptor bound_alone() {
    io::Descriptor fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto any = io::Endpoint::parse("127.0.0.1:0");
    REQUIRE(::bind(fd.get(), any->data(), any->size()) == 0);
    return fd;
}

bool still_listens(const std::string& address) {
    const auto endpoint = io::Endpoint::parse(address);
    const io::Descriptor fd{::socket(endpoint->family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    return ::connect(fd.get(), endpoint->data(), endpoint->size()) == 0;
}

} // namespace

TEST_CASE("inherited sockets come first, and none of them is left out") {
    struct Row {
        std::size_t inherited;
        std::size_t cores;
        std::size_t opened;
    };
    for (const Row& row : std::array{Row{0, 2, 2}, Row{1, 3, 3}, Row{2, 2, 2}, Row{4, 1, 4}}) {
        auto first = io::listen_on(*io::Endpoint::parse("127.0.0.1:0"), 10);
        REQUIRE(first);
        const std::string address = address_of(*first);
        std::vector<io::Descriptor> left;
        std::vector<int> numbers;
        while (left.size() < row.inherited) {
            auto one = io::listen_on(*io::Endpoint::parse(address), 10);
            REQUIRE(one);
            numbers.push_back(one->get());
            left.push_back(std::move(*one));
        }
        ListeningSockets sockets{std::move(left)};
        CHECK(sockets.inherits(address) == (row.inherited > 0));
        const auto opened = sockets.open(address, row.cores);
        REQUIRE(opened);
        REQUIRE(opened->size() == row.opened);
        for (std::size_t at = 0; at < row.inherited; ++at) {
            CHECK(opened->at(at).get() == numbers.at(at));
        }
        CHECK_FALSE(sockets.inherits(address));
    }
}

TEST_CASE("where the one that was inherited allows no other beside it, all cores have that one") {
    io::Descriptor only = bound_alone();
    REQUIRE(::listen(only.get(), 10) == 0);
    const std::string address = address_of(only);
    std::vector<io::Descriptor> left;
    left.push_back(std::move(only));
    ListeningSockets sockets{std::move(left)};
    auto opened = sockets.open(address, 3);
    REQUIRE(opened);
    REQUIRE(opened->size() == 3);
    for (const io::Descriptor& fd : *opened) {
        CHECK(address_of(fd) == address);
    }
    opened->erase(opened->begin(), opened->begin() + 2);
    CHECK(still_listens(address));
    opened->clear();
    CHECK_FALSE(still_listens(address));
    CHECK_FALSE(ListeningSockets{{}}.open("192.0.2.1:1", 1)); // nothing to copy
}

TEST_CASE("what was inherited for nobody ends, also for those who have copies") {
    io::Descriptor unwanted = io::test::listening();
    const io::Descriptor copy{::fcntl(unwanted.get(), F_DUPFD_CLOEXEC, 0)};
    const std::string address = address_of(unwanted);
    std::vector<io::Descriptor> left;
    left.push_back(std::move(unwanted));
    ListeningSockets sockets{std::move(left)};
    CHECK(still_listens(address));
    sockets.close_rest();
    CHECK_FALSE(still_listens(address));
}

TEST_CASE("of the sockets in use there is a copy until their address is forgotten") {
    ListeningSockets sockets{{}};
    std::vector<Listening> listening(2);
    io::Descriptor one = io::test::listening();
    io::Descriptor other = io::test::listening();
    listening[0].emplace_back("one", std::move(one));
    listening[1].emplace_back("other", std::move(other));
    const std::string address = address_of(listening[1][0].second);
    sockets.in_use(listening);
    listening.clear();
    CHECK(sockets.all().size() == 2);
    CHECK(still_listens(address));
    sockets.forget("other");
    CHECK(sockets.all().size() == 1);
    CHECK_FALSE(still_listens(address));
}

TEST_CASE("sockets are handed to another process as they are, however many") {
    const io::Descriptor listening = io::test::listening();
    for (const std::size_t count : {std::size_t{1}, std::size_t{253}, std::size_t{254}}) {
        const Pair pair = connected();
        REQUIRE(send_sockets(pair.ours.get(), std::vector<int>(count, listening.get())));
        const auto received = receive_sockets(pair.theirs.get());
        REQUIRE(received);
        REQUIRE(received->size() == count);
        CHECK(address_of(received->back()) == address_of(listening));
    }
}

TEST_CASE("whoever hands nothing over is heard") {
    struct Row {
        std::string said;
        std::string error;
    };
    for (const Row& row : std::vector<Row>{
             {"refused\nnot now\n", "refused\n"}, {"", "no answer"}, {"\n", "\n"}, {"+", "+"}}) {
        Pair pair = connected();
        ::send(pair.ours.get(), row.said.data(), row.said.size(), 0);
        pair.ours.reset();
        const auto received = receive_sockets(pair.theirs.get());
        REQUIRE_FALSE(received);
        CHECK(received.error().starts_with(row.error));
    }
    Pair gone = connected();
    gone.theirs.reset();
    CHECK_FALSE(send_sockets(gone.ours.get(), std::array{gone.ours.get()}));
}

} // namespace postern::gateway
