#pragma once

#include "gateway/io/ring.h"

#include <coroutine>

namespace postern::io {

// Something one core waits for and the same core announces: "a conversation is free", "stop". set()
// wakes everybody who waits now; it is not remembered. Waiters are resumed in the next turn, never
// inside set().
class Event {
public:
    explicit Event(Ring& ring) : ring_(ring) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() = default;

    class Wait;
    // True when set() came within `wait`, false when the time was up.
    [[nodiscard]] Wait wait(Duration wait);
    void set();     // wakes all
    void set_one(); // wakes the one that waits longest

private:
    void append(Wait& waiting);
    void remove(Wait& waiting);
    void wake(Wait& waiting);

    Ring& ring_;
    Wait* first_ = nullptr;
    Wait* last_ = nullptr;
};

class Event::Wait final : public Timer {
public:
    Wait(Event& event, Duration wait) : event_(event), wait_(wait) {}
    static bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    [[nodiscard]] bool await_resume() const { return set_; }

private:
    friend class Event;
    void expired() override;

    Event& event_;
    Duration wait_;
    std::coroutine_handle<> waiter_;
    Wait* next_ = nullptr;
    Wait* previous_ = nullptr;
    bool set_ = false;
};

} // namespace postern::io
