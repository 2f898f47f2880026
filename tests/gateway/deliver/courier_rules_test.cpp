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
