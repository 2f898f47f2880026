#include "gateway/receive/submission.h"

#include "tests/gateway/receive/submitting.h"

namespace postern::receive::test {
namespace {

const std::string letter = "Date: now\r\nMessage-ID: <1@x>\r\nSubject: x\r\n\r\nbody\r\n";

// `lines` with the reply that each has.
struct Said {
    std::string line;
    std::string reply;
};

void converse(Submitting& submitting, const std::vector<Said>& conversation) {
    for (const Said& said : conversation) {
        CAPTURE(said.line);
        const Lines replies = submitting.say(said.line + "\r\n");
        REQUIRE(replies.size() == 1);
        CHECK_THAT(replies[0], Catch::StartsWith(said.reply));
    }
}

} // namespace

TEST_CASE("an outbound listener offers what the queue can take, whatever the next hops can") {
    Submitting submitting;
    submitting.core.settings.limits.message_size = 12345;
    CHECK_THAT(submitting.connect(), Catch::StartsWith("220 gateway.example "));
    CHECK(submitting.say("EHLO client.example\r\n") ==
          Lines{"250-gateway.example\n250-PIPELINING\n250-SIZE 12345\n250-8BITMIME\n"
                "250-ENHANCEDSTATUSCODES\n250-CHUNKING\n250-SMTPUTF8\n250 DSN"});
    CHECK(submitting.core.server.connections == 0);
}

TEST_CASE("mail is taken from the networks that may submit, and from nobody else") {
    struct Row {
        std::vector<std::string_view> clients;
        std::string reply;
    };
    const auto row = GENERATE(values<Row>({
        {{"127.0.0.1"}, "250 2.1.0 "},
        {{"10.0.0.0/8", "127.0.0.0/31"}, "250 2.1.0 "},
        {{"127.0.0.2"}, "550 5.7.1 "},
        {{"::/0"}, "550 5.7.1 "},
        {{}, "550 5.7.1 "},
    }));
    Submitting submitting;
    submitting.listener.clients.clear();
    for (const std::string_view network : row.clients) {
        submitting.listener.clients.push_back(gateway::Network::parse(network).value());
    }
    submitting.connect();
    converse(submitting,
             {{"EHLO client.example", "250"},
              {"MAIL FROM:<me@example.org>", row.reply},
              {"RCPT TO:<you@far.example>", row.reply[0] == '2' ? "250 2.1.5 " : "503 5.5.1 "}});
}

TEST_CASE("MAIL and RCPT are answered without asking anybody, by what is written there") {
    Submitting submitting;
    submitting.core.settings.limits.message_size = 1000;
    submitting.connect();
    const std::string label(64, 'x');
    converse(submitting,
             {{"MAIL FROM:<me@example.org>", "503 5.5.1 "},
              {"EHLO client.example", "250"},
              {"MAIL FROM:<me@>", "501 5.1.7 "},
              {"MAIL FROM:<me@\u2603.example> SMTPUTF8", "501 5.1.7 "}, // IDNA has no snowman
              {"MAIL FROM:<me@example.org> SIZE=1001", "552 5.3.4 "},
              {"MAIL FROM:<me@example.org> FOO=1", "555 5.5.4 "},
              {"MAIL FROM:<m\xC3\xA9@example.org>", "553 5.6.7 "},
              {"RCPT TO:<you@far.example>", "503 5.5.1 "},
              {"MAIL FROM:<>", "250 2.1.0 "},
              {"DATA", "554 5.5.1 "},
              {"RCPT TO:<>", "501 5.1.3 "},
              {"RCPT TO:<you>", "501 5.1.3 "},
              {"RCPT TO:<you@" + label + ".example>", "501 5.1.3 "},
              {"RCPT TO:<you@[192.0.2.256]>", "501 5.1.3 "},
              {"RCPT TO:<you@[192.0.2.1]>", "250 2.1.5 "},
              {"RCPT TO:<you@[IPv6:2001:db8::1]>", "250 2.1.5 "},
              {"RCPT TO:<user@example.org>", "250 2.1.5 "}, // ours: it is routed like any other
              {"RCPT TO:<you@far.example>", "250 2.1.5 "},
              {"RSET", "250 2.0.0 "},
              {"MAIL FROM:<me@example.org> SMTPUTF8", "250 2.1.0 "},
              {"RCPT TO:<you@\u2603.example>", "501 5.1.3 "},
              {"RCPT TO:<you@b\u00FC.example>", "250 2.1.5 "}});
    CHECK(submitting.core.server.connections == 0);
    CHECK(submitting.core.far.connections == 0);
}

TEST_CASE("a postmaster without a domain is our own, or nobody") {
    Submitting submitting;
    submitting.connect();
    submitting.say("EHLO client.example\r\n");
    CHECK_THAT(submitting.submit(letter, "MAIL FROM:<>", "RCPT TO:<Postmaster>"),
               Catch::StartsWith("250 2.0.0 "));
    CHECK(submitting.take().envelope.recipients.at(0).envelope.path.address() ==
          "postmaster@example.org");
    submitting.core.adopt("[[route]]\nname = \"far\"\ndomains = [\"*\"]\n"
                          "hosts = [\"127.0.0.1:25\"]\n");
    converse(submitting, {{"MAIL FROM:<>", "250 "}, {"RCPT TO:<postmaster>", "501 5.1.3 "}});
}

TEST_CASE("as many recipients as may be, and no more") {
    Submitting submitting;
    submitting.core.settings.limits.recipients = 2;
    submitting.connect();
    converse(submitting,
             {{"EHLO client.example", "250"},
              {"MAIL FROM:<me@example.org>", "250 "},
              {"RCPT TO:<one@far.example>", "250 "},
              {"RCPT TO:<two@far.example>", "250 "},
              {"RCPT TO:<three@far.example>", "452 4.5.3 "},
              {"DATA", "354"},
              {letter + ".", "250 2.0.0 "}});
    CHECK(submitting.take().envelope.recipients.size() == 2);
}

TEST_CASE("the queue keeps everything that the envelope says") {
    Submitting submitting;
    submitting.connect();
    submitting.say("EHLO client.example\r\n");
    const std::string reply =
        submitting.submit(letter,
                          "MAIL FROM:<m\xC3\xA9@example.org> SIZE=100 BODY=8BITMIME SMTPUTF8 "
                          "RET=HDRS ENVID=QQ+2B314159",
                          "RCPT TO:<d\xC3\xBC@b\xC3\xBC"
                          "cher.example> NOTIFY=SUCCESS,DELAY "
                          "ORCPT=rfc822;Bob+2B@far.example\r\n"
                          "RCPT TO:<\"a b\"@far.example> NOTIFY=NEVER");
    // RCPT was said twice: the answer of DATA is the fourth.
    CHECK(reply == "250 2.1.5 Recipient OK");
    CHECK_THAT(submitting.say(letter + ".\r\n", 2).at(1), Catch::StartsWith("250 2.0.0 "));
    const spool::Message envelope = submitting.take().envelope;
    CHECK(envelope.mail.sender.address() == "m\xC3\xA9@example.org");
    CHECK(envelope.mail.smtputf8);
    CHECK(envelope.mail.body == smtp::Body::eight_bit_mime);
    CHECK(envelope.mail.return_content == smtp::ReturnContent::headers);
    CHECK(envelope.mail.envelope_id == "QQ+2B314159");
    REQUIRE(envelope.recipients.size() == 2);
    const smtp::Recipient& first = envelope.recipients[0].envelope;
    CHECK(first.path.address() == "d\xC3\xBC@b\xC3\xBC"
                                  "cher.example");
    CHECK(first.notify == smtp::Notify{.success = true, .delay = true});
    CHECK(first.original == "rfc822;Bob+2B@far.example");
    CHECK(envelope.recipients[1].envelope.path.local_value() == "a b");
    CHECK(envelope.recipients[1].envelope.notify == smtp::Notify{.never = true});
}

TEST_CASE("without a queue mail to outside is deferred, and everything else works") {
    Submitting submitting;
    submitting.core.surroundings.spool = nullptr;
    submitting.connect();
    converse(submitting,
             {{"EHLO client.example", "250"},
              {"MAIL FROM:<me@example.org>", "451 4.3.0 "},
              {"NOOP", "250 "}});
    submitting.core.surroundings.spool = submitting.queue.get();
    CHECK_THAT(submitting.submit(letter), Catch::StartsWith("250 2.0.0 "));
}

TEST_CASE("where TLS is demanded nothing is submitted in clear") {
    Submitting submitting;
    submitting.core.surroundings.server_tls = std::move(submitting.tls.server);
    submitting.listener.require_tls = true;
    submitting.connect();
    CHECK_THAT(submitting.say("EHLO client.example\r\n").at(0), Catch::EndsWith("\n250 STARTTLS"));
    converse(submitting, {{"MAIL FROM:<me@example.org>", "530 5.7.0 "}, {"STARTTLS", "220 "}});
    submitting.shake_hands();
    CHECK_THAT(submitting.say("EHLO client.example\r\n").at(0), Catch::EndsWith("\n250 DSN"));
    CHECK_THAT(submitting.submit(letter), Catch::StartsWith("250 2.0.0 "));
    CHECK_THAT(in_front_of(letter, submitting.take()), Catch::Contains("with ESMTPS (TLSv1.3 "));
}

TEST_CASE("a submission is one line of the log, and its session another, both outbound") {
    Submitting submitting;
    submitting.connect();
    submitting.say("EHLO client.example\r\n");
    const std::string reply = submitting.submit(letter);
    const spool::Message envelope = submitting.take().envelope;
    const std::string id = spool::text(envelope.id);
    CHECK(reply == "250 2.0.0 Message " + id + " accepted");
    submitting.leave();
    const Lines lines = submitting.core.log.take();
    REQUIRE(lines.size() == 2);
    CHECK_THAT(lines[0],
               Catch::Contains(R"("message":")" + id +
                               R"(","listener":"submission","client":"127.0.0.1",)"
                               R"("direction":"outbound","from":["me@example.org"],)"
                               R"("to":["you@far.example"],"organization":"example",)"
                               R"("achieved":"none","verdict":"accepted","reply":"250 2.0.0 )"));
    CHECK_THAT(lines[1],
               Catch::Contains(R"("event":"session")") &&
                   Catch::Contains(R"("direction":"outbound")") &&
                   Catch::Contains(R"("messages":1)"));
}

} // namespace postern::receive::test
