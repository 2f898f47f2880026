#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/gateway/deliver/post_office.h"

// The wall clock, which a queue goes by, is set back by a day.
namespace postern::deliver::test {
namespace {

constexpr std::chrono::hours day{24};

// Deferred by its host for an hour.
NextHop& deferring(PostOffice& post) {
    NextHop& server = post.host("one");
    server.says["RCPT"] = "450 4.2.1 later";
    post.settings.delivery.retry = {std::chrono::hours{1}};
    post.start();
    post.submit("a@one.example");
    post.rest();
    server.says.clear();
    return server;
}

} // namespace

TEST_CASE("mail that waits when the clock is set back is tried at once") {
    PostOffice post;
    const NextHop& server = deferring(post);
    post.advance_to(post.time - day);
    post.until([&] { return server.messages.size() == 1; });
    post.rest();
    CHECK(post.queued() == 0);
}

TEST_CASE("a clock set back by less than mail waits anyway changes nothing") {
    PostOffice post;
    const NextHop& server = deferring(post);
    const Time next = post.the_message().recipients.front().next;
    post.advance_to(post.time - std::chrono::minutes{2});
    post.rest();
    CHECK(post.the_message().recipients.front().next == next);
    CHECK(server.messages.empty());
}

TEST_CASE("mail of a queue that was written while the clock was ahead is tried at once") {
    PostOffice post;
    const NextHop& server = deferring(post);
    post.stop();
    post.time -= day;
    post.start();
    post.until([&] { return server.messages.size() == 1; });
    post.rest();
    CHECK(post.queued() == 0);
}

TEST_CASE("hosts that were left alone when the clock was set back are not left alone for a day") {
    PostOffice post;
    NextHop& server = post.host("one");
    server.greeting.clear(); // closes
    post.settings.delivery.retry = {std::chrono::hours{1}};
    post.start();
    post.submit("a@one.example");
    post.rest();
    server.greeting = "220 hello";
    post.advance_to(post.time - day);
    post.until([&] { return server.messages.size() == 1; });
    post.submit("b@one.example");
    post.until([&] { return server.messages.size() == 2; });
    post.rest();
    CHECK(post.queued() == 0);
}

} // namespace postern::deliver::test
