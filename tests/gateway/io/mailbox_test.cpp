#include "gateway/io/mailbox.h"

#include <poll.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/gateway/io/loop.h"

namespace postern::io {
namespace {

using test::Loop;

bool is_readable(const Mailbox& mailbox) {
    pollfd posted{.fd = mailbox.fd(), .events = POLLIN, .revents = 0};
    return ::poll(&posted, 1, 0) == 1;
}

// Several threads that post numbers as fast as they can, and what came of them.
class Posters {
public:
    static constexpr std::size_t threads = 4;
    static constexpr int messages = 2000;

    explicit Posters(Mailbox& mailbox) : mailbox_(mailbox) {
        for (std::size_t poster = 0; poster < threads; ++poster) {
            threads_.at(poster) = std::thread{[this, poster] { post(poster); }};
        }
    }
    Posters(const Posters&) = delete;
    Posters& operator=(const Posters&) = delete;
    ~Posters() { join(); }

    void join() {
        for (std::thread& thread : threads_) {
            if (thread.joinable()) thread.join();
        }
    }
    // Plain variables: only the thread that runs the messages touches them.
    [[nodiscard]] std::size_t come() const { return come_; }
    [[nodiscard]] int out_of_order() const { return out_of_order_; }
    [[nodiscard]] bool all_come() const { return come_ == threads * messages; }

private:
    void post(std::size_t poster) {
        for (int number = 0; number < messages; ++number) {
            // On the heap, so that whoever runs the message reads what another thread wrote.
            auto written = std::make_unique<int>(number);
            mailbox_.post([this, poster, content = std::move(written)] {
                ++come_;
                if (*content != std::exchange(next_.at(poster), *content + 1)) ++out_of_order_;
            });
        }
    }

    Mailbox& mailbox_;
    std::array<std::thread, threads> threads_;
    std::array<int, threads> next_{};
    std::size_t come_ = 0;
    int out_of_order_ = 0;
};

} // namespace

TEST_CASE("a ring runs every message of other threads, each thread's in order", "[tsan]") {
    Loop loop;
    Mailbox mailbox;
    mailbox.open(loop.ring());
    Posters posters{mailbox};
    while (!posters.all_come()) {
        loop.ring().turn();
    }
    CHECK(posters.out_of_order() == 0);
    mailbox.stop();
}

TEST_CASE("two cores that write to each other keep what they say in order", "[tsan]") {
    constexpr int rounds = 500;
    struct Core {
        Mailbox mailbox;
        int last = 0;
    };
    Core here;
    Core there;
    std::thread other{[&] {
        Loop loop;
        there.mailbox.open(loop.ring());
        while (there.last < rounds) {
            loop.ring().turn();
        }
        there.mailbox.stop();
    }};
    {
        Loop loop;
        here.mailbox.open(loop.ring());
        for (int number = 1; number <= rounds; ++number) {
            there.mailbox.post([&, number] {
                there.last = number;
                here.mailbox.post([&, number] { here.last = number; });
            });
            while (here.last < number) {
                loop.ring().turn();
            }
        }
        here.mailbox.stop();
    }
    other.join();
    CHECK(here.last == rounds);
    CHECK(there.last == rounds);
}

TEST_CASE("a mailbox that stops while others write loses nothing", "[tsan]") {
    Loop loop;
    auto mailbox = std::make_unique<Mailbox>();
    mailbox->open(loop.ring());
    Posters posters{*mailbox};
    while (posters.come() < 100) {
        loop.ring().turn();
    }
    mailbox->stop();
    posters.join();
    mailbox.reset(); // what came after stop() is run here
    CHECK(posters.all_come());
    CHECK(posters.out_of_order() == 0);
}

TEST_CASE("a thread without a ring polls the mailbox", "[tsan]") {
    Mailbox mailbox;
    std::string order;
    bool ended = false;
    std::thread reader{[&] {
        while (!ended) {
            pollfd posted{.fd = mailbox.fd(), .events = POLLIN, .revents = 0};
            ::poll(&posted, 1, -1);
            std::uint64_t count = 0;
            [[maybe_unused]] const auto read = ::read(mailbox.fd(), &count, sizeof count);
            mailbox.run_posted();
        }
    }};
    for (const char letter : {'a', 'b', 'c'}) {
        mailbox.post([&order, letter] { order.push_back(letter); });
    }
    mailbox.post([&ended] { ended = true; });
    reader.join();
    CHECK(order == "abc");
}

TEST_CASE("a turn runs messages in the order in which they were posted, however many") {
    constexpr int messages = 100'000;
    Loop loop;
    Mailbox mailbox;
    int next = 0;
    int out_of_order = 0;
    for (int number = 0; number < messages; ++number) {
        mailbox.post([&, number] {
            if (next++ != number) ++out_of_order;
        });
    }
    CHECK(is_readable(mailbox));
    mailbox.open(loop.ring()); // posted before there was a ring: run all the same
    loop.ring().turn();
    CHECK(next == messages);
    CHECK(out_of_order == 0);
    CHECK_FALSE(is_readable(mailbox));
    mailbox.stop();
}

TEST_CASE("a message may post another, which is run later") {
    Loop loop;
    Mailbox mailbox;
    mailbox.open(loop.ring());
    std::string order;
    mailbox.post([&] {
        mailbox.post([&] { order += "c"; });
        order += "a";
    });
    mailbox.post([&] { order += "b"; });
    while (order.size() < 3) {
        loop.ring().turn();
    }
    CHECK(order == "abc");
    mailbox.stop();
}

TEST_CASE("after stop() a ring runs no more messages, until the mailbox opens again") {
    Loop loop;
    Mailbox mailbox;
    int run = 0;
    mailbox.stop(); // never opened: nothing to stop
    mailbox.open(loop.ring());
    mailbox.stop();
    mailbox.stop();
    mailbox.post([&run] { ++run; });
    loop.turn_for(test::milliseconds{10});
    CHECK(run == 0);
    mailbox.open(loop.ring());
    loop.ring().turn();
    CHECK(run == 1);
    mailbox.stop();
}

TEST_CASE("a mailbox may be stopped by its own message's doing") {
    Loop loop;
    Mailbox mailbox;
    mailbox.open(loop.ring());
    mailbox.post([&loop] { loop.ring().stop(); });
    loop.ring().run();
    mailbox.stop();
    CHECK_FALSE(is_readable(mailbox));
}

TEST_CASE("a mailbox that nobody read runs its messages as it goes, also those posted then") {
    std::string order;
    const auto held = std::make_shared<int>(0);
    {
        Mailbox mailbox;
        mailbox.post([&] {
            order += "a";
            mailbox.post([&order, held] { order += "c"; });
        });
        mailbox.post([&] { order += "b"; });
    }
    CHECK(order == "abc");
    CHECK(held.use_count() == 1);
}

} // namespace postern::io
