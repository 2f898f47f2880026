#include "gateway/io/event.h"

#include <string>

#include "tests/gateway/io/loop.h"

namespace postern::io {
namespace {

using std::chrono::milliseconds;
using test::Loop;
using test::patience;

// Appends the waiter's name when it is woken, in capitals when its time was up.
Task<void> note(Event& event, std::string& order, char name, Duration wait) {
    const bool set = co_await event.wait(wait);
    order.push_back(set ? name : static_cast<char>(name - 'a' + 'A'));
}

Task<void> wait_twice(Event& event, std::string& order) {
    for (int round = 0; round < 2; ++round) {
        const bool set = co_await event.wait(patience);
        order.push_back(set ? '+' : '-');
    }
}

Task<void> pass_on(Event& event, Event& next, std::string& order) {
    const bool set = co_await event.wait(patience);
    order.push_back(set ? 'p' : 'P');
    next.set();
    order.push_back('.'); // nobody ran inside set()
}

} // namespace

TEST_CASE("an event wakes everybody who waits, in the order in which they came") {
    Loop loop;
    Event event{loop.ring()};
    std::string order;
    for (const char name : {'a', 'b', 'c'}) {
        loop.spawn(note(event, order, name, patience));
    }
    event.set();
    CHECK(order.empty()); // not inside set()
    loop.finish();
    CHECK(order == "abc");
}

TEST_CASE("an event that is set while nobody waits is not remembered") {
    Loop loop;
    Event event{loop.ring()};
    std::string order;
    event.set();
    event.set_one();
    loop.run(note(event, order, 'a', milliseconds{10}));
    CHECK(order == "A");
}

TEST_CASE("set_one wakes the one that waits longest, each time") {
    Loop loop;
    Event event{loop.ring()};
    std::string order;
    for (const char name : {'a', 'b', 'c'}) {
        loop.spawn(note(event, order, name, patience));
    }
    event.set_one();
    loop.ring().turn();
    CHECK(order == "a");
    event.set_one();
    event.set_one();
    event.set_one(); // one more than wait
    loop.finish();
    CHECK(order == "abc");
}

TEST_CASE("whoever's time is up leaves the others in their places") {
    Loop loop;
    Event event{loop.ring()};
    std::string order;
    loop.spawn(note(event, order, 'a', milliseconds{10}));
    loop.spawn(note(event, order, 'b', patience));
    loop.spawn(note(event, order, 'c', milliseconds{10}));
    loop.spawn(note(event, order, 'd', patience));
    loop.spawn(note(event, order, 'e', milliseconds{10}));
    loop.turn_for(milliseconds{30});
    CHECK(order == "ACE");
    event.set_one();
    loop.ring().turn();
    CHECK(order == "ACEb");
    loop.spawn(note(event, order, 'f', patience));
    event.set();
    loop.finish();
    CHECK(order == "ACEbdf");
}

TEST_CASE("who waits again within a wake-up waits for the next one") {
    Loop loop;
    Event event{loop.ring()};
    std::string order;
    loop.spawn(wait_twice(event, order));
    event.set();
    event.set(); // the waiter has not run yet: this one is for nobody
    loop.ring().turn();
    CHECK(order == "+");
    loop.turn_for(milliseconds{10});
    CHECK(order == "+");
    event.set();
    loop.finish();
    CHECK(order == "++");
}

TEST_CASE("a woken one may wake another: that runs in a turn of its own") {
    Loop loop;
    Event first{loop.ring()};
    Event second{loop.ring()};
    std::string order;
    loop.spawn(note(second, order, 'b', patience));
    loop.spawn(pass_on(first, second, order));
    first.set();
    loop.ring().turn();
    CHECK(order == "p.");
    loop.finish();
    CHECK(order == "p.b");
}

} // namespace postern::io
