#include "gateway/deliver/courier.h"

#include <catch2/catch.hpp>

#include <cerrno>

#include "tests/gateway/deliver/post_office.h"

namespace postern::deliver::test {
namespace {

using Counted = std::map<std::string, std::uint64_t>;
using io::FileOperation;
using spool::test::Fault;

constexpr std::string_view whole = "Subject: hello\r\n\r\nhow are you?\r\n";

std::size_t times_heard(const NextHop& server, std::string_view words) {
    return static_cast<std::size_t>(std::ranges::count_if(
        server.heard, [&](const std::string& line) { return line.contains(words); }));
}

// How often a report about `recipient` reached the sender.
std::size_t reports_at(const NextHop& sender, std::string_view words) {
    return static_cast<std::size_t>(
        std::ranges::count_if(sender.messages, [&](const std::string& message) {
            return message.contains("report-type=") && message.contains(words);
        }));
}

// A disk that gives the first so many reads, and no more.
class ReadsEnd final : public io::FileFault {
public:
    [[nodiscard]] int fails(FileOperation operation) override {
        if (operation != FileOperation::read) return 0;
        if (left == 0) return EIO;
        --left;
        return 0;
    }
    std::size_t left = SIZE_MAX;
};

} // namespace

TEST_CASE("a message is delivered, and the queue is empty") {
    PostOffice post;
    const NextHop& server = post.host("one");
    post.start();
    post.submit("a@one.example");
    post.rest();
    CHECK(server.messages == Lines{std::string{whole}});
    CHECK(times_heard(server, "MAIL FROM:<s@sender.example>") == 1);
    CHECK(post.queued() == 0);
    CHECK(post.counted(post.counters.deliveries) == Counted{{"accepted", 1}});
    CHECK(post.counters.queue_waiting.value() == 0);
}

TEST_CASE("recipients travel on as many courses as they have ways, and together on one") {
    PostOffice post;
    const NextHop& one = post.host("one");
    const NextHop& two = post.host("two");
    post.start();
    post.submit({to("a@one.example"), to("b@two.example"), to("c@one.example")});
    post.rest();
    CHECK(one.messages.size() == 1);
    CHECK(times_heard(one, "RCPT TO:<a@one.example>") == 1);
    CHECK(times_heard(one, "RCPT TO:<c@one.example>") == 1);
    CHECK(two.messages.size() == 1);
    CHECK(times_heard(two, "RCPT") == 1);
    CHECK(post.queued() == 0);
}

TEST_CASE("of a message for many places, each is reached") {
    constexpr std::size_t places = 50; // more than go at the same time
    PostOffice post;
    const NextHop& server = post.unrouted();
    std::vector<smtp::Recipient> recipients;
    for (std::size_t number = 0; number < places; ++number) {
        const std::string name = "place" + std::to_string(number);
        post.rules += route(name, server.endpoint().text(), "domains = [\"" + name + ".example\"]");
        recipients.push_back(to("a@" + name + ".example"));
    }
    post.start();
    post.submit(std::move(recipients));
    post.rest();
    CHECK(server.messages.size() == places);
    CHECK(post.queued() == 0);
}

TEST_CASE("what falls short of the demand comes back as one report that names the setting") {
    PostOffice post;
    post.rules = setting("banks over TLS");
    NextHop& listed = post.host("listed", "");
    const NextHop& other = post.host("other", "");
    const NextHop& sender = post.host("sender");
    post.start();
    post.submit({to("a@listed.example"), to("b@other.example"), to("c@listed.example")});
    post.rest();
    CHECK_FALSE(heard_verb(listed, "MAIL"));
    CHECK(other.messages.size() == 1);
    REQUIRE(sender.messages.size() == 1);
    const std::string& report = sender.messages.front();
    CHECK(report.contains("banks over TLS"));
    CHECK(report.contains("Status: 5.7.10"));
    CHECK(report.contains("Final-Recipient: rfc822; a@listed.example"));
    CHECK(report.contains("Final-Recipient: rfc822; c@listed.example"));
    CHECK_FALSE(report.contains("b@other.example"));
    CHECK_FALSE(report.contains("how are you?"));
    CHECK(times_heard(sender, "MAIL FROM:<>") == 1);
    CHECK(post.queued() == 0);
    CHECK(post.counters.delivery_reports.value() == 1);
    CHECK(post.counted(post.counters.refusals_by_setting) == Counted{{"banks over TLS", 2}});
}

TEST_CASE("what a host defers stays queued and is tried again when it is due, not before") {
    PostOffice post;
    NextHop& server = post.host("one");
    server.says["RCPT"] = "450 4.2.1 later";
    post.settings.delivery.retry = {std::chrono::minutes{5}, std::chrono::hours{1}};
    post.start();
    const Time began = post.time;
    post.submit("a@one.example");
    const spool::Message waits = post.the_message();
    const spool::Recipient& recipient = waits.recipients.front();
    CHECK(recipient.attempts == 1);
    CHECK(recipient.last == began);
    CHECK(recipient.status == "4.2.1");
    CHECK(recipient.diagnostic == "450 4.2.1 later");
    CHECK(recipient.next >= began + std::chrono::seconds{270}); // 5 min, and a tenth of it
    CHECK(recipient.next <= began + std::chrono::seconds{330});

    post.advance_to(recipient.next - std::chrono::seconds{1});
    post.rest();
    CHECK(times_heard(server, "RCPT") == 1);
    post.rest_until_due();
    CHECK(times_heard(server, "RCPT") == 2);
    CHECK(post.the_message().recipients.front().next >= post.time + std::chrono::minutes{54});

    server.says.erase("RCPT");
    post.rest_until_due();
    CHECK(server.messages.size() == 1);
    CHECK(post.queued() == 0);
}

TEST_CASE("only those who were deferred are tried again, and what is known survives a restart") {
    PostOffice post;
    NextHop& server = post.host("one");
    server.says["RCPT TO:<b@one.example>"] = "450 4.2.1 later";
    post.start();
    post.submit({to("a@one.example"), to("b@one.example")});
    post.rest();
    CHECK(post.waiting() == 1);
    const auto message = post.the_message();
    CHECK(message.recipients[0].state == spool::State::delivered);
    CHECK(message.recipients[1].state == spool::State::waiting);
    server.says.clear();
    post.rest_until_due();
    CHECK(server.messages.size() == 2);
    CHECK(times_heard(server, "RCPT TO:<a@one.example>") == 1);
    CHECK(post.queued() == 0);
}

TEST_CASE(
    "after four hours the sender is told of the delay, once, and after five days of the end") {
    PostOffice post;
    NextHop& server = post.host("one");
    server.says["RCPT"] = "450 4.2.1 later";
    const NextHop& sender = post.host("sender");
    post.start();
    const Time began = post.time;
    post.submit("a@one.example");
    post.rest();
    post.advance_to(began + std::chrono::hours{4} - std::chrono::seconds{1});
    post.rest();
    CHECK(sender.messages.empty());
    post.advance_to(began + std::chrono::hours{6});
    post.rest();
    CHECK(reports_at(sender, "Action: delayed") == 1);
    post.advance_to(began + std::chrono::hours{8});
    post.rest();
    CHECK(sender.messages.size() == 1);
    CHECK(post.the_message().recipients.front().delay_reported);

    post.advance_to(began + std::chrono::days{5});
    post.rest();
    REQUIRE(sender.messages.size() == 2);
    CHECK(reports_at(sender, "Action: failed") == 1);
    CHECK(sender.messages.back().contains("Status: 5.4.7"));
    CHECK(sender.messages.back().contains("450 4.2.1 later"));
    CHECK(post.queued() == 0);
    CHECK(post.counted(post.counters.deliveries)["refused"] == 1);
}

TEST_CASE("who is to be told of what (O17, RFC 3461 5.2)") {
    struct Row {
        std::string_view sender;
        std::string_view parameters;
        std::string_view says; // to RCPT
        bool speaks_dsn;
        std::string_view action; // "": no report
    };
    const auto row = GENERATE(values<Row>({
        {"s@sender.example", "", "550 5.1.1 nobody", false, "failed"},
        {"s@sender.example", "NOTIFY=FAILURE", "550 5.1.1 nobody", false, "failed"},
        {"s@sender.example", "NOTIFY=DELAY", "550 5.1.1 nobody", false, ""},
        {"s@sender.example", "NOTIFY=NEVER", "550 5.1.1 nobody", false, ""},
        {"", "", "550 5.1.1 nobody", false, ""},
        {"s@sender.example", "", "250 ok", false, ""},
        {"s@sender.example", "NOTIFY=SUCCESS", "250 ok", false, "relayed"},
        {"s@sender.example", "NOTIFY=SUCCESS", "250 ok", true, ""},
    }));
    CAPTURE(row.sender, row.parameters, row.says, row.speaks_dsn);
    PostOffice post;
    NextHop& server = post.host("one");
    server.says["RCPT"] = row.says;
    if (row.speaks_dsn) server.offers.emplace_back("DSN");
    const NextHop& sender = post.host("sender");
    post.start();
    post.submit({to("a@one.example", row.parameters)}, mail(row.sender));
    post.rest();
    CHECK(post.queued() == 0);
    CHECK(sender.messages.size() == (row.action.empty() ? 0 : 1));
    if (!row.action.empty()) {
        CHECK(reports_at(sender, "Action: " + std::string{row.action}) == 1);
    }
    const Lines lines = post.log.take();
    const bool dropped = std::ranges::any_of(
        lines, [](const std::string& line) { return line.contains("report_dropped"); });
    CHECK(dropped == (row.action.empty() && row.says.starts_with("5")));
}

TEST_CASE("a lane that is full puts the rest back with their turn, and all are delivered") {
    PostOffice post;
    NextHop& server = post.host("one");
    server.says["EHLO"] = NextHop::silence;
    const NextHop& other = post.host("other");
    post.settings.delivery.destination_concurrency = 1;
    post.start();
    for (int number = 0; number < 3; ++number) {
        post.submit("a@one.example");
    }
    post.until([&] {
        return post.waiting() == 2 && *post.spool().next_due() > post.time &&
               server.connections == 1;
    });
    post.submit("a@other.example"); // a place that stalls holds up no other
    post.until([&] { return other.messages.size() == 1; });

    server.says.clear();
    server.drop_all();
    for (post.rest(); post.queued() > 0;) {
        post.rest_until_due();
    }
    CHECK(server.messages.size() == 3);
}

TEST_CASE("a dead destination is tried once for all that waits for it, and delays no other") {
    PostOffice post;
    const NobodyThere nobody;
    post.rules = route("dead", nobody.target().endpoint.text(), "domains = [\"dead.example\"]");
    const NextHop& server = post.host("one");
    post.start();
    post.submit({to("a@dead.example"), to("a@one.example")});
    post.rest();
    CHECK(server.messages.size() == 1);
    CHECK(post.the_message().recipients[0].diagnostic.starts_with("unreachable"));
    post.submit("b@dead.example");
    post.submit("b@one.example");
    post.rest();
    CHECK(server.messages.size() == 2);
    CHECK(post.waiting() == 2);
    CHECK(post.hosts.counts.opened == 1); // the second went over the first one
    const Lines lines = post.log.take();
    const auto spared = std::ranges::count_if(
        lines, [](const std::string& line) { return line.contains("a short while ago"); });
    CHECK(spared == 1);
    CHECK(post.counted(post.counters.deliveries)["deferred"] == 1);
}

TEST_CASE("while the disk takes nothing, what was delivered is kept in mind, and written later") {
    Fault disk{FileOperation::write};
    PostOffice post{&disk};
    NextHop& server = post.host("one");
    server.says["RCPT TO:<b@one.example>"] = "450 4.2.1 later";
    post.start();
    const auto deferred = GENERATE(false, true);
    std::vector<smtp::Recipient> recipients{to("a@one.example")};
    if (deferred) recipients.push_back(to("b@one.example"));
    post.submit(std::move(recipients));
    disk.code = EIO;
    post.until([&] { return post.counters.spool_failures.value() > 0; });
    CHECK(server.messages.size() == 1);
    post.advance_to(post.time + std::chrono::days{1});
    post.courier->adopt(); // tries the disk again
    post.until([&] { return post.counters.spool_failures.value() > 1; });
    CHECK(post.spool().in_hand() == 1);

    disk.code = 0;
    server.says.clear();
    post.courier->adopt();
    post.rest();
    CHECK(post.queued() == 0);
    CHECK(times_heard(server, "RCPT TO:<a@one.example>") == 1);
    CHECK(times_heard(server, "RCPT TO:<b@one.example>") == (deferred ? 2 : 0));
    post.stop();
    post.queue.restart();
    CHECK(post.queue.all().empty());
}

TEST_CASE("while no report can be written, the failure is not written either") {
    Fault disk{FileOperation::write};
    PostOffice post{&disk};
    NextHop& server = post.host("one");
    server.says["RCPT"] = "550 5.1.1 nobody";
    const NextHop& sender = post.host("sender");
    post.start();
    post.submit("a@one.example");
    disk.code = ENOSPC;
    post.until([&] { return post.counters.spool_failures.value() > 0; });
    disk.code = 0;
    post.courier->adopt();
    post.rest();
    CHECK(times_heard(server, "RCPT") == 1);
    CHECK(reports_at(sender, "Action: failed") == 1);
    CHECK(post.queued() == 0);
}

TEST_CASE("what stops while the disk takes nothing is queued at the next start") {
    Fault disk{FileOperation::write};
    PostOffice post{&disk};
    NextHop& server = post.host("one");
    server.says["RCPT"] = "450 4.2.1 later";
    post.start();
    post.submit("a@one.example");
    disk.code = EIO;
    post.until([&] { return post.counters.spool_failures.value() > 0; });
    post.stop(io::Duration{20});
    disk.code = 0;
    post.queue.restart();
    CHECK(post.queue.all().size() == 1);
}

TEST_CASE("a message that cannot be read is sent nowhere, and comes again") {
    ReadsEnd disk;
    PostOffice post{&disk};
    post.rules = "[[routing]]\nname = \"secret\"\nheader = { name = \"Subject\", contains = "
                 "\"hello\" }\nrequire_secure_transport = true\n";
    NextHop& server = post.host("one", "");
    const NextHop& sender = post.host("sender");
    post.start();
    // Its record, or its record and not its header: then nobody knows what the rules say.
    disk.left = GENERATE(std::size_t{0}, std::size_t{1});
    post.submit("a@one.example");
    post.until([&] { return post.counters.spool_failures.value() == 1; });
    CHECK(post.waiting() == 1);
    CHECK(server.connections == 0);
    disk.left = SIZE_MAX;
    post.rest_until_due();
    CHECK_FALSE(heard_verb(server, "MAIL"));
    CHECK(sender.messages.size() == 1);
    CHECK(post.queued() == 0);
}

TEST_CASE("stop() cuts what stalls, and a cut says nothing about the host") {
    PostOffice post;
    post.rules = setting("banks over TLS");
    NextHop& stalls = post.host("listed");
    stalls.behind_220 = NextHop::Behind220::silence;
    NextHop& silent = post.host("silent");
    silent.greeting = NextHop::silence;
    const NextHop& sender = post.host("sender");
    post.start();
    post.submit({to("a@listed.example"), to("b@silent.example")});
    post.until([&] { return heard_verb(stalls, "STARTTLS") && silent.connections == 1; });
    post.stop(io::Duration{20});
    CHECK(post.waiting() == 1);
    CHECK(post.counted(post.counters.deliveries).empty());
    CHECK(post.counted(post.counters.refusals_by_setting).empty());
    CHECK(stalls.connections == 1); // and none in clear
    CHECK(sender.messages.empty());

    stalls.behind_220 = NextHop::Behind220::handshake;
    silent.greeting = "220 hello";
    post.queue.restart();
    CHECK(post.queue.all().size() == 1);
}

TEST_CASE("stop() lets what goes well end well") {
    PostOffice post;
    const NextHop& server = post.host("one");
    post.start();
    post.submit("a@one.example");
    post.until([&] { return server.connections == 1; });
    post.stop();
    CHECK(server.messages.size() == 1);
    CHECK(post.queued() == 0);
}

} // namespace postern::deliver::test
