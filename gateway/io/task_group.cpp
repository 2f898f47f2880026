#include "gateway/io/task_group.h"

#include <cassert>
#include <exception>
#include <utility>

namespace postern::io {

// A coroutine that nobody holds: it destroys itself at its end.
class TaskGroup::Root {
public:
    // NOLINTNEXTLINE(readability-identifier-naming): the name the language looks for
    struct promise_type {
        static Root get_return_object() noexcept { return {}; }
        static std::suspend_never initial_suspend() noexcept { return {}; }
        static std::suspend_never final_suspend() noexcept { return {}; }
        static void return_void() noexcept {}
        [[noreturn]] static void unhandled_exception() noexcept { std::terminate(); }
    };
};

TaskGroup::~TaskGroup() { assert(running_ == 0); }

TaskGroup::Root TaskGroup::start(Task<void> task) {
    ++running_;
    co_await task;
    --running_;
    changed_.set();
}

void TaskGroup::spawn(Task<void> task) { start(std::move(task)); }

Task<bool> TaskGroup::ended(Duration wait) {
    const Clock::time_point deadline = Clock::now() + wait;
    while (running_ > 0) {
        const auto left = std::chrono::ceil<Duration>(deadline - Clock::now());
        if (left <= Duration{0}) co_return false;
        [[maybe_unused]] const bool changed = co_await changed_.wait(left);
    }
    co_return true;
}

} // namespace postern::io
