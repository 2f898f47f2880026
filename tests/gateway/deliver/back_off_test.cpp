#include "gateway/deliver/back_off.h"

#include <catch2/catch.hpp>

#include <string>

using namespace postern::deliver;
using namespace std::chrono_literals;

namespace {

constexpr Time now{std::chrono::seconds{1'000'000'000}};

BackOffSettings exact() {
    BackOffSettings settings;
    settings.jitter_percent = 0;
    return settings;
}

} // namespace

TEST_CASE("a host nothing is known of may be tried at once, by everybody") {
    BackOff back_off;
    CHECK_FALSE(back_off.wait_until("mx.example", now));
    CHECK_FALSE(back_off.wait_until("mx.example", now));
    CHECK(back_off.hosts() == 0);
}

TEST_CASE(
    "a host that failed keeps all mail for it waiting, each time twice as long up to an hour") {
    BackOff back_off(exact());
    Time at = now;
    for (const Pause pause : {1min, 2min, 4min, 8min, 16min, 32min, 60min, 60min}) {
        CAPTURE(pause.count());
        CHECK_FALSE(back_off.wait_until("mx.example", at));
        back_off.failed("mx.example", at, 0);
        CHECK(back_off.wait_until("mx.example", at) == at + pause);
        CHECK(back_off.wait_until("mx.example", at + pause - 1s) == at + pause);
        CHECK_FALSE(back_off.wait_until("other.example", at));
        at += pause;
    }
}

TEST_CASE("after the pause one attempt goes alone, and others wait for it no longer than a probe") {
    BackOff back_off(exact());
    back_off.failed("mx.example", now, 0);
    const Time later = now + 1min;
    CHECK_FALSE(back_off.wait_until("mx.example", later));
    CHECK(back_off.wait_until("mx.example", later) == later + 5min);
    CHECK_FALSE(back_off.wait_until("mx.example", later + 5min));
}

TEST_CASE("a success forgives everything") {
    BackOff back_off(exact());
    for (int i = 0; i < 5; ++i)
        back_off.failed("mx.example", now, 0);
    back_off.succeeded("mx.example");
    CHECK_FALSE(back_off.wait_until("mx.example", now));
    CHECK_FALSE(back_off.wait_until("mx.example", now));
    back_off.failed("mx.example", now, 0);
    CHECK(back_off.wait_until("mx.example", now) == now + 1min);
    back_off.succeeded("other.example");
    CHECK(back_off.hosts() == 1);
}

TEST_CASE("pauses have the jitter of the number given") {
    BackOff back_off;
    back_off.failed("a.example", now, 0);
    back_off.failed("b.example", now, 12);
    CHECK(back_off.wait_until("a.example", now) == now + 54s);
    CHECK(back_off.wait_until("b.example", now) == now + 66s);
}

TEST_CASE("new settings count from the next failure on") {
    BackOff back_off(exact());
    back_off.failed("a.example", now, 0);
    BackOffSettings brief = exact();
    brief.first = brief.most = 2s;
    back_off.set(brief);
    CHECK(back_off.wait_until("a.example", now) == now + 1min);
    for (int i = 0; i < 3; ++i)
        back_off.failed("b.example", now, 0);
    CHECK(back_off.wait_until("b.example", now) == now + 2s);
}

TEST_CASE("no more hosts are remembered than may be: the next to be tried is forgotten") {
    BackOffSettings settings = exact();
    settings.hosts_max = 3;
    BackOff back_off(settings);
    back_off.failed("a.example", now + 2s, 0);
    back_off.failed("b.example", now, 0);
    back_off.failed("c.example", now + 1s, 0);
    back_off.failed("b.example", now, 0); // known: makes room for nobody
    CHECK(back_off.hosts() == 3);
    back_off.failed("d.example", now + 3s, 0);
    CHECK(back_off.hosts() == 3);
    CHECK(back_off.wait_until("a.example", now + 4s));
    CHECK(back_off.wait_until("b.example", now + 4s));
    CHECK_FALSE(back_off.wait_until("c.example", now + 4s));
    CHECK(back_off.wait_until("d.example", now + 4s));
}
