#include "gateway/io/task_group.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>

#include "tests/gateway/io/loop.h"

namespace postern::io {
namespace {

using std::chrono::milliseconds;
using test::Loop;
using test::patience;

Task<void> wait_for(Event& event, int& ended) {
    [[maybe_unused]] const bool set = co_await event.wait(patience);
    ++ended;
}

Task<void> at_once(int& ended) {
    ++ended;
    co_return;
}

Task<void> hold(std::shared_ptr<int> held, Event& event) {
    [[maybe_unused]] const bool set = co_await event.wait(patience);
    *held += 1;
}

Task<void> spawn_another(TaskGroup& group, Event& event, int& ended) {
    [[maybe_unused]] const bool set = co_await event.wait(patience);
    group.spawn(wait_for(event, ended));
}

Task<void> await_end(TaskGroup& group, Duration wait, std::optional<bool>& result) {
    result = co_await group.ended(wait);
}

Task<int> answer(int number) { co_return number; }

Task<void> add_up(int rounds, int& sum) {
    for (int number = 1; number <= rounds; ++number) {
        sum += co_await answer(number);
    }
}

} // namespace

TEST_CASE("a task starts when it is spawned, and one that waits for nothing has ended then") {
    Loop loop;
    TaskGroup group{loop.ring()};
    int ended = 0;
    group.spawn(at_once(ended));
    CHECK(ended == 1);
    CHECK(group.running() == 0);
}

TEST_CASE("a task that nobody spawns never starts, and takes what it owns with it") {
    Loop loop;
    Event event{loop.ring()};
    const auto held = std::make_shared<int>(0);
    {
        const Task<void> never = hold(held, event);
        CHECK(held.use_count() == 2);
    }
    CHECK(held.use_count() == 1);
    CHECK(*held == 0);
}

TEST_CASE("a group counts its tasks and says when the last has ended") {
    Loop loop;
    TaskGroup group{loop.ring()};
    Event one{loop.ring()};
    Event other{loop.ring()};
    int ended = 0;
    group.spawn(wait_for(one, ended));
    group.spawn(wait_for(other, ended));
    std::optional<bool> all;
    loop.spawn(await_end(group, patience, all));
    CHECK(group.running() == 2);

    one.set();
    loop.ring().turn();
    CHECK(ended == 1);
    CHECK(group.running() == 1);
    loop.turn_for(milliseconds{1});
    CHECK_FALSE(all);

    other.set();
    loop.finish();
    CHECK(ended == 2);
    CHECK(all == true);
}

TEST_CASE("waiting for the end of a group has an end itself") {
    Loop loop;
    TaskGroup group{loop.ring()};
    Event event{loop.ring()};
    int ended = 0;
    group.spawn(wait_for(event, ended));
    std::optional<bool> all;
    loop.run(await_end(group, milliseconds{20}, all));
    CHECK(all == false);
    CHECK(group.running() == 1);
    loop.run(await_end(group, milliseconds{0}, all));
    CHECK(all == false);
    event.set();
    loop.run(await_end(group, patience, all));
    CHECK(all == true);
    loop.run(await_end(group, milliseconds{0}, all)); // already empty: no wait at all
    CHECK(all == true);
}

TEST_CASE("a task may spawn another, for which the group waits as well") {
    Loop loop;
    TaskGroup group{loop.ring()};
    Event event{loop.ring()};
    int ended = 0;
    group.spawn(spawn_another(group, event, ended));
    std::optional<bool> all;
    loop.spawn(await_end(group, patience, all));
    event.set();
    loop.ring().turn();
    CHECK(group.running() == 1);
    loop.turn_for(milliseconds{1});
    CHECK_FALSE(all);
    event.set();
    loop.finish();
    CHECK(ended == 1);
    CHECK(all == true);
}

TEST_CASE("what a task owns goes when it ends") {
    Loop loop;
    TaskGroup group{loop.ring()};
    Event event{loop.ring()};
    const auto held = std::make_shared<int>(0);
    group.spawn(hold(held, event));
    event.set();
    loop.ring().turn();
    CHECK(*held == 1);
    CHECK(held.use_count() == 1);
}

TEST_CASE("a task that awaits thousands of others one by one needs no deeper stack") {
    Loop loop;
    int sum = 0;
    constexpr int rounds = 40'000;
    loop.run(add_up(rounds, sum));
    CHECK(sum == rounds * (rounds + 1) / 2);
}

TEST_CASE("a group that goes while a task runs ends the process") {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const rlimit no_dump{.rlim_cur = 0, .rlim_max = 0};
        ::setrlimit(RLIMIT_CORE, &no_dump);
        ::signal(SIGABRT, SIG_DFL); // not for this test to report
        ::close(STDERR_FILENO);     // where assert() would complain
        const auto ring = Ring::open({.entries = 8, .buffers = 8});
        Event event{**ring};
        int ended = 0;
        {
            TaskGroup group{**ring};
            group.spawn(wait_for(event, ended));
        }
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGABRT);
}

} // namespace postern::io
