#pragma once

#include <cassert>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace postern::io {

template<typename T>
class Task;

namespace detail {

// What every task's promise has: who waits for it, and no way for an exception to leave.
class TaskPromiseBase {
public:
    static std::suspend_always initial_suspend() noexcept { return {}; }
    [[noreturn]] static void unhandled_exception() noexcept { std::terminate(); }
    void resume_when_done(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }

    struct Final {
        static bool await_ready() noexcept { return false; }
        template<typename Promise>
        static std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
            return self.promise().waiter_;
        }
        static void await_resume() noexcept {}
    };
    static Final final_suspend() noexcept { return {}; }

private:
    std::coroutine_handle<> waiter_ = std::noop_coroutine();
};

template<typename T>
class TaskPromise : public TaskPromiseBase {
public:
    Task<T> get_return_object() noexcept;
    template<typename U = T>
    void return_value(U&& value) {
        value_.emplace(std::forward<U>(value));
    }
    T take() {
        assert(value_.has_value());
        return std::move(*value_);
    }

private:
    std::optional<T> value_;
};

template<>
class TaskPromise<void> : public TaskPromiseBase {
public:
    Task<void> get_return_object() noexcept;
    static void return_void() noexcept {}
    static void take() noexcept {}
};

} // namespace detail

// A coroutine that starts when it is awaited and is awaited once, by its maker. It runs on the
// thread of its ring only. Destroying a task that waits for the kernel is a bug: cancel, then await
// its end.
template<typename T = void>
class [[nodiscard]] Task {
public:
    using promise_type = detail::TaskPromise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    explicit Task(Handle handle) noexcept : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            if (handle_) handle_.destroy();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    ~Task() {
        if (handle_) handle_.destroy();
    }

    static bool await_ready() noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
        handle_.promise().resume_when_done(waiter);
        return handle_;
    }
    T await_resume() { return handle_.promise().take(); }

private:
    Handle handle_;
};

namespace detail {

template<typename T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
    return Task<T>{std::coroutine_handle<TaskPromise>::from_promise(*this)};
}

inline Task<void> TaskPromise<void>::get_return_object() noexcept {
    return Task<void>{std::coroutine_handle<TaskPromise>::from_promise(*this)};
}

} // namespace detail

} // namespace postern::io
