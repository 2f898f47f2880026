#include "gateway/deliver/courier.h"

#include <catch2/catch.hpp>

#include <cerrno>

#include "tests/gateway/deliver/post_office.h"

namespace postern::deliver::test {
namespace {

using Counted = std::map<std::string, std::uint64_t>;

// How often a report about `recipient` reached the sender.
std::size_t reports_at(const NextHop& sender, std::string_view words) {
    return static_cast<std::size_t>(
        std::ranges::count_if(sender.messages, [&](const std::string& message) {
            return message.contains("report-type=") && message.contains(words);
        }));
}

} // namespace

TEST_CASE("a routing rule by header marks mail, or sends it another way") {
    PostOffice post;
    NextHop& usual = post.host("one", "");
    const NextHop& safe = post.unrouted();
    const NextHop& sender = post.host("sender");
    const auto by_route = GENERATE(false, true);
    post.rules += route("safe", safe.endpoint().text(), "tls = \"require\"") +
                  "[[routing]]\nname = \"confidential\"\nheader = { name = \"Subject\", contains = "
                  "\"[secure]\" }\n" +
                  (by_route ? "route = \"safe\"\n" : "require_secure_transport = true\n");
    post.start();
    post.submit({to("a@one.example")}, mail(), "Subject: hello [SECURE]\r\n\r\n");
    post.rest();
    CHECK_FALSE(heard_verb(usual, "MAIL"));
    CHECK(safe.messages.size() == (by_route ? 1 : 0));
    CHECK(sender.messages.size() == (by_route ? 0 : 1));
    post.submit({to("a@one.example")}, mail(), "Subject: hello\r\n\r\nSubject: [secure]\r\n");
    post.rest();
    CHECK(usual.messages.size() == 1);
    CHECK(post.queued() == 0);
}

TEST_CASE("an outbound-marked setting counts for marked mail only (O10, O11)") {
    PostOffice post;
    post.rules = setting("marked", "enforce", "outbound-marked") +
                 "require_trusted_certificate = true\n"
                 "[[routing]]\nname = \"secret\"\nheader = { name = \"Subject\", contains = "
                 "\"secret\" }\nrequire_secure_transport = true\n";
    NextHop& listed = post.host("listed", "self-signed");
    const NextHop& sender = post.host("sender");
    post.start();
    post.submit("a@listed.example");
    post.rest();
    CHECK(listed.messages.size() == 1);
    post.submit({to("a@listed.example")}, mail(), "Subject: secret\r\n\r\n");
    post.rest();
    CHECK(listed.messages.size() == 1);
    CHECK(reports_at(sender, "Status: 5.7.5") == 1);
    CHECK(post.queued() == 0);
}

TEST_CASE("the alternate route takes what every host fell short of, in the same attempt (O12)") {
    PostOffice post;
    post.rules = setting("banks over TLS");
    NextHop& listed = post.host("listed", "");
    const NextHop& other = post.unrouted("self-signed");
    post.rules += route("by courier", other.endpoint().text(), "tls = \"may\"");
    post.settings.delivery.alternate_secure_route = "by courier";
    post.start();
    post.submit("a@listed.example");
    post.rest();
    CHECK_FALSE(heard_verb(listed, "MAIL"));
    CHECK(other.messages.size() == 1);
    CHECK(post.queued() == 0);
}

TEST_CASE("a setting in report mode is counted and logged, and changes nothing") {
    PostOffice post;
    post.rules = setting("on trial", "report");
    const auto certificate = GENERATE(as<std::string>{}, "", "ecdsa");
    const NextHop& listed = post.host("listed", certificate);
    post.start();
    post.submit("a@listed.example");
    post.rest();
    CHECK(listed.messages.size() == 1);
    Counted expected{{"accepted", 1}};
    if (certificate.empty()) expected["reported"] = 1;
    CHECK(post.counted(post.counters.deliveries) == expected);
    const Lines lines = post.log.take();
    REQUIRE(lines.size() == 1);
    CHECK(lines.front().contains(R"("reported":["on trial"])"));
    CHECK(lines.front().contains(R"("demand":"none")"));
}

TEST_CASE("new settings count for the next attempt") {
    PostOffice post;
    NextHop& listed = post.host("listed", "");
    listed.says["RCPT"] = "450 4.2.1 later";
    const NextHop& sender = post.host("sender");
    post.start();
    post.submit("a@listed.example");
    post.rest();
    post.rules += setting("from now on");
    post.adopt();
    listed.says.clear();
    post.rest_until_due();
    CHECK(listed.messages.empty());
    CHECK(reports_at(sender, "from now on") == 1);
    CHECK(post.queued() == 0);
}

TEST_CASE("a message that is spared while its hosts are left alone has not been tried") {
    PostOffice post;
    post.rules = setting("banks over TLS");
    NextHop& listed = post.host("listed", "");
    listed.greeting.clear(); // closes
    const NextHop& sender = post.host("sender");
    post.start();
    post.submit("a@listed.example");
    post.rest();
    post.submit("b@listed.example");
    post.rest();
    CHECK(listed.connections == 1);
    const std::vector<spool::Entry> waiting = post.spool().page(0, SIZE_MAX);
    REQUIRE(waiting.size() == 2);
    const spool::Message spared = post.queue.loaded(waiting.back().id);
    post.spool().put_back(spared);
    CHECK(spared.recipients[0].attempts == 0);
    CHECK(spared.recipients[0].last == Time{});
    CHECK(spared.recipients[0].next <= post.time + std::chrono::minutes{2}); // of BackOff
    CHECK(post.counted(post.counters.deliveries) == Counted{{"deferred", 1}});

    // Its one attempt under the demand is the one at which somebody was there (O13).
    listed.greeting = "220 hello";
    while (post.queued() > 0) {
        post.rest_until_due();
    }
    CHECK(reports_at(sender, "b@listed.example") == 1);
    CHECK(reports_at(sender, "Status: 5.7.10") == 2);
    CHECK_FALSE(heard_verb(listed, "MAIL"));
}

TEST_CASE("nobody waits longer for another's attempt than between two of his own") {
    PostOffice post;
    NextHop& server = post.host("one");
    server.greeting.clear();
    post.settings.delivery.retry = {std::chrono::seconds{10}};
    post.start();
    post.submit("a@one.example");
    post.rest();
    post.submit("b@one.example");
    post.rest();
    server.greeting = "220 hello";
    post.advance_to(post.time + std::chrono::minutes{1}); // both are due, and one goes first
    post.rest();
    CHECK(server.messages.size() == 1);
    CHECK(post.the_message().recipients[0].next <= post.time + std::chrono::seconds{10});
    post.rest_until_due();
    CHECK(server.messages.size() == 2);
}

TEST_CASE("the last attempt at a message is made whatever is known of its hosts") {
    PostOffice post;
    NextHop& server = post.host("one");
    server.greeting.clear();
    post.start();
    post.submit("a@one.example");
    post.rest();
    post.submit("b@one.example");
    post.rest();
    CHECK(server.connections == 1);
    post.advance_to(post.time + std::chrono::days{6});
    post.rest();
    CHECK(server.connections == 3);
}

TEST_CASE(
    "of what is due the oldest and the newest go by turns: what is new waits for no backlog") {
    PostOffice post;
    post.settings.delivery.concurrency = 1;
    const NextHop& server = post.host("one");
    post.adopt();
    for (const char* const text : {"1\r\n", "2\r\n", "3\r\n", "4\r\n"}) {
        post.submit({to("a@one.example")}, mail(), text);
    }
    post.start();
    post.rest();
    CHECK(server.messages == Lines{"1\r\n", "4\r\n", "2\r\n", "3\r\n"});
    CHECK(server.connections == 1);
}

} // namespace postern::deliver::test
