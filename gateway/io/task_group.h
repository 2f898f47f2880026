#pragma once

#include "gateway/io/event.h"
#include "gateway/io/task.h"

#include <cstddef>

namespace postern::io {

// The owner of work that goes on beside its maker: every task that nobody awaits belongs to a
// group. A group is destroyed only when it is empty: ask the tasks to stop, then await ended().
class TaskGroup {
public:
    explicit TaskGroup(Ring& ring) : changed_(ring) {}
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup();

    // Starts the task at once, up to its first wait.
    void spawn(Task<void> task);
    [[nodiscard]] std::size_t running() const { return running_; }
    // True when every task has ended within `wait`.
    [[nodiscard]] Task<bool> ended(Duration wait);

private:
    class Root;
    Root start(Task<void> task);

    std::size_t running_ = 0;
    Event changed_;
};

} // namespace postern::io
