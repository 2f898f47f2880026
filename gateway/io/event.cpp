#include "gateway/io/event.h"

namespace postern::io {

Event::Wait Event::wait(Duration wait) { return {*this, wait}; }

void Event::append(Wait& waiting) {
    waiting.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &waiting;
    last_ = &waiting;
}

void Event::remove(Wait& waiting) {
    (waiting.previous_ != nullptr ? waiting.previous_->next_ : first_) = waiting.next_;
    (waiting.next_ != nullptr ? waiting.next_->previous_ : last_) = waiting.previous_;
    waiting.next_ = waiting.previous_ = nullptr;
}

void Event::wake(Wait& waiting) {
    remove(waiting);
    waiting.disarm();
    waiting.set_ = true;
    ring_.resume_soon(waiting.waiter_);
}

void Event::set() {
    while (first_ != nullptr) {
        wake(*first_);
    }
}

void Event::set_one() {
    if (first_ != nullptr) wake(*first_);
}

void Event::Wait::await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    event_.append(*this);
    event_.ring_.arm(*this, wait_);
}

void Event::Wait::expired() {
    event_.remove(*this);
    waiter_.resume();
}

} // namespace postern::io
