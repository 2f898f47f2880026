#pragma once

#include <optional>
#include <utility>

#include "tests/gateway/io/loop.h"

namespace postern::gateway::test {

template<typename Value>
io::Task<void> keep(io::Task<Value> task, std::optional<Value>& value) {
    value.emplace(co_await task);
}

// What a task brings, for a test that is no coroutine: turns the loop until it is there.
template<typename Value>
Value awaited(io::test::Loop& loop, io::Task<Value> task) {
    std::optional<Value> value;
    loop.run(keep(std::move(task), value));
    return std::move(*value);
}

// Turns until something has happened that no task of the loop waits for.
template<typename Condition>
void turn_until(io::test::Loop& loop, Condition happened) {
    const auto deadline = io::Clock::now() + io::test::patience;
    while (!happened()) {
        REQUIRE(io::Clock::now() < deadline);
        loop.ring().turn();
    }
}

} // namespace postern::gateway::test
