#include "gateway/io/mailbox.h"

#include <liburing.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cassert>
#include <utility>

namespace postern::io {

Mailbox::Mailbox() : wake_(::eventfd(0, EFD_CLOEXEC)) {}

Mailbox::~Mailbox() {
    assert(!listening_);
    while (newest_.load(std::memory_order_relaxed) != nullptr) {
        run_posted();
    }
}

void Mailbox::post(Message message) {
    auto letter = std::make_unique<Letter>(Letter{std::move(message)});
    Letter* const added = letter.release(); // owned by the stack until run_posted() takes it
    Letter* before = newest_.load(std::memory_order_relaxed);
    do {
        added->next = before;
    } while (!newest_.compare_exchange_weak(
        before, added, std::memory_order_release, std::memory_order_relaxed));
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void Mailbox::run_posted() {
    Letter* letter = newest_.exchange(nullptr, std::memory_order_acquire);
    Letter* oldest = nullptr;
    while (letter != nullptr) {
        oldest = std::exchange(letter, std::exchange(letter->next, oldest));
    }
    while (oldest != nullptr) {
        const std::unique_ptr<Letter> current{std::exchange(oldest, oldest->next)};
        current->message();
    }
}

void Mailbox::open(Ring& ring) {
    ring_ = &ring;
    listen();
}

void Mailbox::listen() {
    listening_ = true;
    io_uring_sqe& entry = ring_->submission();
    io_uring_prep_read(&entry, wake_.get(), &count_, sizeof count_, 0);
    io_uring_sqe_set_data(&entry, static_cast<Operation*>(&reader_));
}

void Mailbox::stop() {
    if (ring_ == nullptr || !listening_) return;
    Ring& ring = *std::exchange(ring_, nullptr);
    ring.cancel(reader_);
    while (listening_) {
        ring.turn();
    }
}

void Mailbox::Reader::complete(std::int32_t /*result*/, std::uint32_t /*flags*/) {
    mailbox_.listening_ = false;
    mailbox_.run_posted();
    if (mailbox_.ring_ != nullptr) mailbox_.listen();
}

} // namespace postern::io
