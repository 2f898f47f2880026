#include "gateway/io/event.h"
#include "gateway/io/ring.h"

#include <liburing.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/gateway/io/loop.h"

namespace postern::io {
namespace {

using std::chrono::milliseconds;
using test::Loop;
using test::patience;

// From now on io_uring_setup fails in this process with `code`.
bool forbid_io_uring(unsigned code) {
    std::array filter{
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{.len = filter.size(), .filter = filter.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

// What Ring::open says in a child process where `prepare` was called first.
template<typename Prepare>
std::string open_in_child(Prepare prepare) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    Descriptor reading{ends[0]};
    Descriptor writing{ends[1]};
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::string said = "could not prepare";
        if (prepare()) {
            const auto ring = Ring::open({});
            said = ring ? "opened" : ring.error();
        }
        const ssize_t written = ::write(writing.get(), said.data(), said.size());
        ::_exit(written > 0 ? 0 : 1);
    }
    writing.reset();
    std::string said(1000, '\0');
    const ssize_t size = ::read(reading.get(), said.data(), said.size());
    ::waitpid(child, nullptr, 0);
    said.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return said;
}

Task<void> note(std::vector<int>& order, int number, Event& event) {
    if (co_await event.wait(patience)) order.push_back(number);
}

Task<void> stop_when(Event& event, Ring& ring) {
    if (co_await event.wait(patience)) ring.stop();
}

class Once final : public Timer {
public:
    int times = 0;

private:
    void expired() override { ++times; }
};

class Turns final : public Ring::TurnEnd {
public:
    int ended = 0;
    void turn_ended() override { ++ended; }
};

class Nothing final : public Operation {
public:
    int completed = 0;
    void complete(std::int32_t /*result*/, std::uint32_t /*flags*/) override { ++completed; }
};

} // namespace

TEST_CASE("where io_uring is missing or forbidden, the operator is told what would help") {
    const auto refused_with = [](unsigned code) {
        return open_in_child([code] { return forbid_io_uring(code); });
    };
    CHECK(open_in_child([] { return true; }) == "opened");
    CHECK_THAT(refused_with(ENOSYS),
               Catch::StartsWith("no io_uring here: Linux 6.1 or later is needed") &&
                   Catch::Contains("seccomp") && Catch::Contains("(this is Linux "));
    CHECK_THAT(refused_with(EPERM),
               Catch::StartsWith("io_uring is forbidden here") &&
                   Catch::Contains("seccomp profile") &&
                   Catch::Contains("kernel.io_uring_disabled"));
    CHECK_THAT(refused_with(EACCES), Catch::StartsWith("io_uring is forbidden here"));
    CHECK_THAT(refused_with(EINVAL),
               Catch::Contains("too old: Linux 6.1 or later is needed (this is Linux "));
    CHECK_THAT(refused_with(ENOMEM), Catch::StartsWith("no memory for io_uring"));
    CHECK(refused_with(ENODEV) == "io_uring cannot be used: No such device");
}

TEST_CASE("a ring without a free descriptor says so") {
    const auto take_all = [] {
        const rlimit none{.rlim_cur = 3, .rlim_max = 3};
        return ::setrlimit(RLIMIT_NOFILE, &none) == 0;
    };
    CHECK_THAT(open_in_child(take_all), Catch::StartsWith("no file descriptor left for io_uring"));
}

TEST_CASE("run() turns until stop(), and whoever winds up may turn the ring afterwards") {
    Loop loop;
    Event go{loop.ring()};
    loop.spawn(stop_when(go, loop.ring()));
    go.set();
    loop.ring().run();
    loop.finish();

    Event later{loop.ring()};
    std::vector<int> order;
    loop.spawn(note(order, 1, later));
    later.set();
    loop.finish();
    CHECK(order == std::vector{1});
    loop.turn_for(milliseconds{10});
}

TEST_CASE("a timer armed between turns counts from then, however long the ring rested") {
    Loop loop;
    Once timer;
    const auto before = Clock::now();
    while (Clock::now() < before + milliseconds{30}) { // the ring's own time is old by now
    }
    const auto armed = Clock::now();
    loop.ring().arm(timer, milliseconds{20});
    while (timer.times == 0) {
        loop.ring().turn();
    }
    CHECK(Clock::now() >= armed + milliseconds{20});
}

TEST_CASE("more requests than the submission queue holds are handed over in between") {
    Loop loop{{.entries = 4, .completions = 8, .buffers = 4}};
    std::vector<Nothing> operations(1000);
    for (Nothing& operation : operations) {
        io_uring_sqe& entry = loop.ring().submission();
        io_uring_prep_nop(&entry);
        io_uring_sqe_set_data(&entry, static_cast<Operation*>(&operation));
    }
    // 1000 answers where 8 fit: the kernel keeps the others, none is lost.
    while (loop.ring().counters().completions < operations.size()) {
        loop.ring().turn();
    }
    CHECK(std::ranges::all_of(operations, [](const Nothing& one) { return one.completed == 1; }));
}

TEST_CASE("every turn ends with the turn's end, and is counted") {
    Loop loop;
    Turns turns;
    loop.ring().at_turn_end(&turns);
    Event event{loop.ring()};
    std::vector<int> order;
    loop.spawn(note(order, 1, event));
    event.set();
    const auto enters = loop.ring().counters().enters;
    loop.ring().turn();
    CHECK(turns.ended == 1);
    CHECK(order == std::vector{1});
    CHECK(loop.ring().counters().enters == enters + 1);
    loop.ring().at_turn_end(nullptr);
    loop.turn_for(milliseconds{1});
    CHECK(turns.ended == 1);
}

} // namespace postern::io
