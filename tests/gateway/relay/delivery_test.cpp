#include "gateway/relay/delivery.h"

#include <catch2/catch.hpp>

#include "tests/gateway/relay/core.h"

namespace postern::relay::test {
namespace {

using gateway::test::awaited;
using gateway::test::turn_until;

struct Fixture {
    io::test::Loop loop;
    NextHop server{loop};
    Core core{loop};
    RouteHops route{{core.host(server.target())}};

    // A conversation is idle, as the pool's after a first message.
    void warm_up() {
        core.pool.give_back(core.take(route).value());
        server.heard.clear();
    }
    Answer add(Delivery& delivery,
               const smtp::Recipient& to = recipient(),
               const smtp::Mail& mail = mail_from()) {
        return awaited(loop, delivery.recipient(client, mail, to));
    }
    std::optional<Answer> begin(Delivery& delivery) {
        return awaited(loop, delivery.begin_content());
    }
    bool write(Delivery& delivery, std::string_view content) {
        return awaited(loop, delivery.write(content));
    }
    Answer finish(Delivery& delivery) { return awaited(loop, delivery.finish()); }
    // Up to the end of a message of one line.
    Answer deliver(Delivery& delivery) {
        REQUIRE(add(delivery).positive());
        REQUIRE_FALSE(begin(delivery));
        REQUIRE(write(delivery, "Subject: x\r\n"));
        return finish(delivery);
    }
};

const Lines envelope{"MAIL FROM:<a@other.example>", "RCPT TO:<user@example.org>"};

} // namespace

TEST_CASE("a message is carried over with its envelope, and the next hop's own reply comes back") {
    Fixture f;
    f.warm_up();
    f.server.says["."] = "250 2.0.0 queued as 4711";
    Delivery delivery{f.core.pool, f.route};
    CHECK(delivery.host().empty());
    CHECK(f.add(delivery).positive());
    CHECK(delivery.host() == f.server.endpoint().text());
    CHECK(f.add(delivery, recipient("TO:<two@example.org>")).positive());
    REQUIRE_FALSE(f.begin(delivery));
    CHECK(f.write(delivery, "Subject: x\r\n"));
    CHECK(f.write(delivery, "\r\n..\r\n"));
    const Answer answer = f.finish(delivery);
    CHECK(answer.positive());
    CHECK(answer.reply.text() == "2.0.0 queued as 4711");
    CHECK(f.server.messages == Lines{"Subject: x\r\n\r\n..\r\n"});
    CHECK(f.server.heard == Lines{envelope[0], envelope[1], "RCPT TO:<two@example.org>", "DATA"});
}

TEST_CASE("a small message goes in one piece where the next hop takes chunks") {
    Fixture f;
    f.server.offers = {"PIPELINING", "CHUNKING"};
    f.warm_up();
    Delivery delivery{f.core.pool, f.route};
    REQUIRE(f.add(delivery).positive());
    REQUIRE_FALSE(f.begin(delivery));
    REQUIRE(f.write(delivery, "Subject: x\r\n"));
    REQUIRE(f.write(delivery, "\r\n..\r\n...\r\n"));
    CHECK(f.server.heard == envelope); // nothing of the content, before it is complete
    CHECK(f.finish(delivery).positive());
    CHECK(f.server.heard.back() == "BDAT 21 LAST");
    CHECK(f.server.messages == Lines{"Subject: x\r\n\r\n.\r\n..\r\n"});
    Delivery next{f.core.pool, f.route};
    CHECK(f.deliver(next).positive());
    CHECK(f.server.connections == 1);
}

TEST_CASE("a message that outgrows one piece goes behind DATA") {
    Fixture f;
    f.server.offers = {"CHUNKING"};
    const std::string block = std::string(998, 'x') + "\r\n";
    Delivery delivery{f.core.pool, f.route};
    REQUIRE(f.add(delivery).positive());
    REQUIRE_FALSE(f.begin(delivery));
    std::string whole;
    for (int sent = 0; sent < 40; ++sent) {
        REQUIRE(f.write(delivery, block));
        whole += block;
    }
    CHECK(f.finish(delivery).positive());
    CHECK(f.server.heard.back() == "DATA");
    CHECK(f.server.messages == Lines{whole});
}

TEST_CASE("a DATA that is refused while content arrives is the answer at its end") {
    const std::string reply = GENERATE(as<std::string>{}, "", "451 4.3.0 later");
    Fixture f;
    f.server.offers = {"CHUNKING"};
    f.server.says["DATA"] = reply;
    Delivery delivery{f.core.pool, f.route};
    REQUIRE(f.add(delivery).positive());
    REQUIRE_FALSE(f.begin(delivery));
    REQUIRE(f.write(delivery, "Subject: x\r\n"));
    CHECK_FALSE(f.write(delivery, std::string(20'000, 'x')));
    CHECK_FALSE(f.write(delivery, "more"));
    const Answer answer = f.finish(delivery);
    CHECK(answer.failure.has_value() == reply.empty());
    if (!answer.failure) CHECK(answer.reply.code == 451);
    turn_until(f.loop, [&] { return f.core.hops[0]->in_use() == 0; });
    CHECK(f.core.hops[0]->idle() == (reply.empty() ? 0 : 1));
}

TEST_CASE("content that was only gathered is given up with a RSET") {
    Fixture f;
    f.server.offers = {"CHUNKING"};
    {
        Delivery delivery{f.core.pool, f.route};
        REQUIRE(f.add(delivery).positive());
        REQUIRE_FALSE(f.begin(delivery));
        REQUIRE(f.write(delivery, "Subject: x\r\n"));
    }
    turn_until(f.loop, [&] { return f.core.hops[0]->idle() == 1; });
    CHECK(f.server.heard.back() == "RSET");
    CHECK(f.server.messages.empty());
}

TEST_CASE("without PIPELINING, RCPT waits for the answer to MAIL") {
    Fixture f;
    f.server.offers.clear();
    f.server.says["MAIL"] = "550 5.7.1 not you";
    Delivery delivery{f.core.pool, f.route};
    const Answer answer = f.add(delivery);
    CHECK(answer.reply.code == 550);
    CHECK(f.server.heard.back() == envelope[0]);
    f.server.says.clear();
    CHECK(f.deliver(delivery).positive()); // MAIL is said again with the next recipient
}

TEST_CASE("a refusal is the next hop's own, whatever it refuses") {
    struct Row {
        std::string verb;
        std::string reply;
    };
    const auto row = GENERATE(values<Row>({{"MAIL", "452 4.3.1 full"},
                                           {"RCPT", "550 5.1.1 nobody"},
                                           {"DATA", "554 5.5.1 no"},
                                           {".", "552 5.3.4 too big"}}));
    Fixture f;
    f.server.says[row.verb] = row.reply;
    Delivery delivery{f.core.pool, f.route};
    Answer answer = f.add(delivery);
    if (row.verb == "DATA" || row.verb == ".") {
        const auto refused = f.begin(delivery);
        CHECK(refused.has_value() == (row.verb == "DATA"));
        answer = refused ? *refused : f.finish(delivery);
    }
    CHECK_FALSE(answer.failure);
    CHECK(std::to_string(answer.reply.code) + " " + answer.reply.text() == row.reply);
    delivery.abandon();
    turn_until(f.loop, [&] { return f.core.hops[0]->in_use() == 0; });
    CHECK(f.core.hops[0]->idle() == 1); // and the conversation goes on
}

TEST_CASE("after a refusal before the content the conversation is reset and used again") {
    Fixture f;
    {
        Delivery delivery{f.core.pool, f.route};
        CHECK(f.add(delivery).positive());
    }
    turn_until(f.loop, [&] { return f.core.hops[0]->idle() == 1; });
    CHECK(f.server.heard.back() == "RSET");
    Delivery next{f.core.pool, f.route};
    CHECK(f.deliver(next).positive());
    CHECK(f.server.connections == 1);
}

TEST_CASE("a message abandoned in its content never reaches its final dot") {
    Fixture f;
    {
        Delivery delivery{f.core.pool, f.route};
        REQUIRE(f.add(delivery).positive());
        REQUIRE_FALSE(f.begin(delivery));
        const std::string block = std::string(70, 'x') + "\r\n";
        for (int sent = 0; sent < 1000; ++sent) { // more than travels together
            REQUIRE(f.write(delivery, block));
        }
    }
    turn_until(f.loop, [&] { return f.server.open() == 0; });
    CHECK(f.server.messages.empty());
    CHECK_FALSE(f.server.cut_message.empty());
    CHECK(f.core.hops[0]->idle() == 0);
}

TEST_CASE("a next hop that goes away before its final reply has not taken the message") {
    struct Row {
        std::string_view reply;
        Cause cause;
    };
    const auto row = GENERATE(Row{NextHop::ending, Cause::lost},
                              Row{NextHop::silence, Cause::silent},
                              Row{"hello", Cause::malformed},
                              Row{"354 go on", Cause::malformed});
    const bool in_one_piece = GENERATE(false, true);
    CAPTURE(row.reply, in_one_piece);
    Fixture f;
    if (in_one_piece) f.server.offers = {"CHUNKING"};
    f.server.says["."] = row.reply;
    if (row.reply == NextHop::silence) f.core.environment.bounds.data_end = io::Duration{5};
    Delivery delivery{f.core.pool, f.route};
    const Answer answer = f.deliver(delivery);
    CHECK_FALSE(answer.positive());
    REQUIRE(answer.failure);
    CHECK(answer.failure->cause == row.cause);
    CHECK(had_begun(answer.failure->cause));
    CHECK(f.core.hops[0]->in_use() == 0);
    CHECK(f.core.hops[0]->idle() == 0);
}

TEST_CASE("a next hop that goes away earlier is a failure, and stays one for this message") {
    const std::string verb = GENERATE("MAIL", "RCPT", "DATA");
    Fixture f;
    f.server.says[verb] = NextHop::ending;
    Delivery delivery{f.core.pool, f.route};
    Answer answer = f.add(delivery);
    if (verb == "DATA") answer = f.begin(delivery).value();
    REQUIRE(answer.failure);
    CHECK(answer.failure->cause == Cause::lost);
    CHECK(f.add(delivery).failure.has_value());
    CHECK(f.begin(delivery)->failure.has_value());
    CHECK(f.server.connections == 1);
}

TEST_CASE("a next hop that refuses in the middle of the content is heard") {
    Fixture f;
    f.server.says["line"] = "552 5.3.4 enough";
    Delivery delivery{f.core.pool, f.route};
    REQUIRE(f.add(delivery).positive());
    REQUIRE_FALSE(f.begin(delivery));
    REQUIRE(f.write(delivery, "a line\r\n" + std::string(20'000, 'x')));
    turn_until(f.loop,
               [&] { return f.core.hops[0]->in_use() == 1 && !f.server.cut_message.empty(); });
    const Answer answer = f.finish(delivery);
    CHECK(answer.reply.code == 552);
    CHECK(f.server.messages.empty());
}

TEST_CASE("a positive reply before the end of the content is not taken for the message's") {
    Fixture f;
    f.server.says["DATA"] = "354 go ahead\r\n250 2.0.0 taken";
    Delivery delivery{f.core.pool, f.route};
    const Answer answer = f.deliver(delivery);
    CHECK_FALSE(answer.positive());
    CHECK(f.server.messages.empty());
}

TEST_CASE("a kept conversation that the next hop ended costs no message") {
    const std::string reply = GENERATE(as<std::string>{}, "", "421 4.3.2 restarting");
    Fixture f;
    f.warm_up();
    f.server.says["MAIL"] = reply;
    Delivery delivery{f.core.pool, f.route};
    std::optional<Answer> answer;
    const smtp::Mail mail = mail_from();
    const smtp::Recipient to = recipient();
    f.loop.spawn(gateway::test::keep(delivery.recipient(client, mail, to), answer));
    turn_until(f.loop, [&] { return f.server.connections == 2; });
    f.server.says.clear();
    f.loop.finish();
    CHECK(answer->positive());
    CHECK(f.server.connections == 2);
}

TEST_CASE("a fresh conversation that breaks is not tried a second time") {
    Fixture f;
    f.server.says["MAIL"] = "421 4.3.2 busy";
    Delivery delivery{f.core.pool, f.route};
    CHECK(f.add(delivery).reply.code == 421);
    CHECK(f.server.connections == 1);
}

TEST_CASE("nobody to deliver to is told as a failure before the conversation") {
    io::test::Loop loop;
    const NobodyThere nobody;
    Core core{loop};
    RouteHops route{{core.host(nobody.target())}};
    Delivery delivery{core.pool, route};
    const Answer answer = awaited(loop, delivery.recipient(client, mail_from(), recipient()));
    REQUIRE(answer.failure);
    CHECK(answer.failure->cause == Cause::unreachable);
    CHECK_FALSE(had_begun(answer.failure->cause));
}

TEST_CASE("what the next hop offers is said to it, and what it lacks and needs is refused") {
    struct Row {
        Lines offers;
        std::string mail;
        std::string said; // MAIL as it was heard; "" when it was not said
        std::string refusal;
    };
    const std::string from = "FROM:<a@other.example>";
    const auto row = GENERATE_COPY(values<Row>({
        {{"SIZE 9000"}, from + " SIZE=700", "MAIL " + from + " SIZE=700", ""},
        {{}, from + " SIZE=700", "MAIL " + from, ""},
        {{"8BITMIME"}, from + " BODY=8BITMIME", "MAIL " + from + " BODY=8BITMIME", ""},
        {{}, from + " BODY=8BITMIME", "", "554 5.6.3 8BITMIME needed"},
        {{}, from + " BODY=7BIT", "MAIL " + from, ""},
        {{"SMTPUTF8", "8BITMIME"}, from + " SMTPUTF8", "MAIL " + from + " SMTPUTF8", ""},
        {{"8BITMIME"}, from + " SMTPUTF8", "", "550 5.6.7 SMTPUTF8 needed"},
    }));
    CAPTURE(row.mail);
    Fixture f;
    f.server.offers = row.offers;
    Delivery delivery{f.core.pool, f.route};
    const Answer answer = f.add(delivery, recipient(), mail_from(row.mail));
    CHECK(answer.positive() == row.refusal.empty());
    if (row.refusal.empty()) {
        CHECK(f.server.heard[1] == row.said);
    } else {
        CHECK(f.server.heard.size() == 1);
        CHECK(std::to_string(answer.reply.code) + " " + answer.reply.text() == row.refusal);
    }
}

TEST_CASE("XCLIENT introduces the client where the route wants it and the next hop offers it") {
    io::test::Loop loop;
    NextHop server{loop};
    server.offers = {"XCLIENT ADDR"};
    Core core{loop};
    Target target = server.target();
    target.announce = policy::AnnounceClient::xclient;
    RouteHops route{{core.host(target)}};
    Delivery delivery{core.pool, route};
    SECTION("taken") {
        CHECK(awaited(loop, delivery.recipient(client, mail_from(), recipient())).positive());
        CHECK(server.heard[1] == "XCLIENT ADDR=192.0.2.7");
        CHECK(server.heard[3] == envelope[0]);
    }
    SECTION("refused: no mail is said in the wrong name") {
        server.says["XCLIENT"] = "550 no";
        const Answer answer = awaited(loop, delivery.recipient(client, mail_from(), recipient()));
        CHECK(answer.failure->cause == Cause::greeting);
        CHECK(server.heard.back() == "XCLIENT ADDR=192.0.2.7");
    }
}

} // namespace postern::relay::test
