#pragma once

#include "gateway/io/descriptor.h"
#include "gateway/io/operation.h"
#include "gateway/io/ring.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

namespace postern::io {

// How other threads reach a core: a message is a function that the core's thread runs in its next
// turn, in the order in which they were posted. Messages are for what happens now and then (a new
// policy, stop), never for mail.
class Mailbox {
public:
    using Message = std::move_only_function<void()>;

    Mailbox();
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;
    ~Mailbox();

    // From any thread, at any time before the mailbox is destroyed.
    void post(Message message);

    // On the core's thread: from now on messages are run there. stop() before the ring goes.
    void open(Ring& ring);
    void stop();
    // Runs what has been posted so far; for threads without a ring and for the end.
    void run_posted();
    // Readable when something has been posted: for threads that poll.
    [[nodiscard]] int fd() const { return wake_.get(); }

private:
    struct Letter {
        Message message;
        Letter* next = nullptr;
    };
    class Reader final : public Operation {
    public:
        explicit Reader(Mailbox& mailbox) : mailbox_(mailbox) {}
        void complete(std::int32_t result, std::uint32_t flags) override;

    private:
        Mailbox& mailbox_;
    };

    void listen();

    std::atomic<Letter*> newest_ = nullptr; // a stack; taken whole and turned round
    Descriptor wake_;                       // eventfd
    std::uint64_t count_ = 0;
    Ring* ring_ = nullptr;
    bool listening_ = false;
    Reader reader_{*this};
};

} // namespace postern::io
