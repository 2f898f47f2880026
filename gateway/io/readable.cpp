#include "gateway/io/readable.h"

#include <liburing.h>

#include <poll.h>

namespace postern::io {

void Readable::await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    io_uring_sqe& entry = ring_.submission();
    io_uring_prep_poll_add(&entry, fd_, POLLIN);
    io_uring_sqe_set_data(&entry, static_cast<Operation*>(this));
    ring_.arm(*this, wait_);
}

void Readable::complete(std::int32_t result, std::uint32_t /*flags*/) {
    disarm();
    readable_ = result > 0; // POLLHUP and POLLERR count: reading them does not block either
    waiter_.resume();
}

void Readable::cancel() { ring_.cancel(*this); }

void Readable::expired() { cancel(); }

} // namespace postern::io
