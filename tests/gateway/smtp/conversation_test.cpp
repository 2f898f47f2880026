#include "gateway/smtp/conversation.h"

#include <catch2/catch.hpp>

using postern::smtp::Conversation;
using postern::smtp::Extension;
using postern::smtp::ParsedReply;
using postern::smtp::Step;

namespace {

ParsedReply reply(int code) { return {.code = code, .lines = {"mx.example"}}; }
ParsedReply hello() { return {.code = 250, .lines = {"mx.example", "DSN", "STARTTLS"}}; }

Conversation ready() {
    Conversation conversation;
    conversation.greeting(reply(220));
    conversation.hello(hello(), true);
    return conversation;
}

} // namespace

TEST_CASE("a conversation goes from greeting to transaction and back") {
    Conversation conversation;
    CHECK(conversation.step() == Step::connected);
    conversation.greeting(reply(220));
    CHECK(conversation.step() == Step::greeted);
    CHECK_FALSE(conversation.can_start_transaction());
    conversation.hello(hello(), true);
    CHECK(conversation.can_start_transaction());
    CHECK(conversation.extensions().has(Extension::dsn));
    conversation.mail(reply(250));
    CHECK(conversation.step() == Step::in_transaction);
    CHECK_FALSE(conversation.can_start_transaction());
    conversation.rset(reply(250));
    CHECK(conversation.can_start_transaction());
    conversation.mail(reply(250));
    conversation.message_done();
    CHECK(conversation.can_start_transaction());
}

TEST_CASE("after TLS nothing learnt before is known") {
    Conversation conversation = ready();
    conversation.start_afresh();
    CHECK(conversation.step() == Step::greeted);
    CHECK(conversation.extensions().empty());
}

TEST_CASE("refusals leave the conversation where it was, or end it") {
    Conversation unwelcome;
    unwelcome.greeting(reply(554));
    CHECK(unwelcome.step() == Step::ended);
    unwelcome.start_afresh();
    CHECK(unwelcome.step() == Step::ended);
    Conversation old;
    old.greeting(reply(220));
    old.hello(reply(502), true);
    CHECK(old.step() == Step::greeted);
    old.hello(hello(), false);
    CHECK(old.can_start_transaction());
    CHECK(old.extensions().empty());
    Conversation refused = ready();
    refused.mail(reply(451));
    CHECK(refused.can_start_transaction());
    Conversation lost = ready();
    lost.mail(reply(250));
    lost.rset(reply(500));
    CHECK(lost.step() == Step::ended);
}

TEST_CASE("a 421 ends the conversation whatever was asked") {
    Conversation conversation = ready();
    conversation.mail(reply(421));
    CHECK(conversation.step() == Step::ended);
    conversation.mail(reply(250));
    CHECK(conversation.step() == Step::ended);
    Conversation ended = ready();
    ended.end();
    CHECK(ended.step() == Step::ended);
}
