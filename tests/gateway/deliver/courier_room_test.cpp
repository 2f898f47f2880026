#include "gateway/deliver/courier.h"

#include <catch2/catch.hpp>

#include <cerrno>
#include <string>

#include "tests/gateway/deliver/post_office.h"

namespace postern::deliver::test {
namespace {

using io::FileOperation;
using spool::test::Fault;
using spool::test::SmallDisk;

// A message whose report is as large.
std::string large(unsigned number) {
    std::string text = "Subject: number " + std::to_string(number) + "\r\n";
    while (text.size() < 60'000) {
        text += "X-Padding: " + std::string(900, 'x') + "\r\n";
    }
    return text + "\r\n";
}

} // namespace

TEST_CASE("reports that find no room leave hands for what makes room") {
    constexpr unsigned messages = 12;
    SmallDisk disk{3};
    PostOffice post{&disk};
    post.settings.delivery.concurrency = 4;
    NextHop& server = post.host("one");
    server.says["RCPT TO:<a@one.example>"] = "550 5.1.1 nobody";
    NextHop& sender = post.host("sender");
    sender.says["RCPT"] = "450 4.2.1 later";
    for (unsigned number = 0; number < messages; ++number) {
        post.submit({to("a@one.example"), to("b@one.example")}, mail(), large(number));
    }
    post.start();
    const auto nothing_moves = [&] {
        const auto due = post.spool().next_due();
        return post.spool().in_hand() == 2 && due && *due > post.time;
    };
    post.until(nothing_moves);
    CHECK(post.counters.spool_failures.value() > 0);
    CHECK(post.counters.delivery_reports.value() < messages);
    CHECK(sender.messages.empty());

    sender.says.clear();
    for (unsigned rounds = 0; post.queued() > 0; ++rounds) {
        REQUIRE(rounds < 100);
        post.advance_to(post.time + std::chrono::minutes{10});
        post.courier->adopt(); // tries the disk again
        post.until(
            [&] { return post.queued() == 0 || nothing_moves() || !post.spool().in_hand(); });
    }
    CHECK(sender.messages.size() == messages);
    CHECK(post.counters.delivery_reports.value() == messages);
    CHECK(post.counted(post.counters.deliveries)["accepted"] == 2 * messages);
    // To whom it was delivered it is not sent again.
    CHECK(server.messages.size() == messages);
}

TEST_CASE("what need not be remembered holds no hand while the disk is full") {
    constexpr unsigned messages = 8;
    Fault disk{FileOperation::write};
    PostOffice post{&disk};
    post.settings.delivery.concurrency = 4;
    NextHop& server = post.host("one");
    server.says["RCPT"] = "450 4.2.1 later";
    for (unsigned number = 0; number < messages; ++number) {
        post.submit("a@one.example");
    }
    disk.code = ENOSPC;
    post.start();
    post.until([&] {
        const auto due = post.spool().next_due();
        return post.spool().in_hand() == 2 && due && *due > post.time;
    });
    CHECK(post.waiting() == messages - 2);

    disk.code = 0;
    server.says.clear();
    post.courier->adopt();
    while (post.queued() > 0) {
        post.rest_until_due();
    }
    CHECK(server.messages.size() == messages);
}

} // namespace postern::deliver::test
