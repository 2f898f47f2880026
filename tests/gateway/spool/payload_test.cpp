#include "gateway/spool/payload.h"

#include <catch2/catch.hpp>

#include <string>

#include "tests/gateway/spool/queue.h"

namespace postern::spool {
namespace {

Message example() {
    Message message{.id = 77,
                    .arrival = test::noon,
                    .mail = test::mail_from("\"a b\"@example.com"),
                    .recipients = {},
                    .content_bytes = 7,
                    .content = {{.place = {1, 64}, .bytes = 3}, {.place = {2, 64}, .bytes = 4}}};
    for (const char* const address : {"u@example.org", "u@[192.0.2.1]", "postmaster"}) {
        message.recipients.push_back({.envelope = test::recipient(address)});
    }
    message.recipients[1].state = State::failed;
    message.recipients[1].attempts = 3;
    message.recipients[1].next = test::noon;
    message.recipients[1].last = test::noon;
    message.recipients[1].status = "5.7.10";
    message.recipients[1].remote = "mx.example.org";
    message.recipients[1].diagnostic = "no STARTTLS";
    message.recipients[1].delay_reported = true;
    return message;
}

TEST_CASE("a message is read as it was written", "[spool]") {
    Message message = example();
    CHECK(decode_message(encode_message(message)) == message);
    message.mail = {}; // the null sender, without parameters
    message.mail.smtputf8 = true;
    message.content.clear();
    message.content_bytes = 0;
    CHECK(decode_message(encode_message(message)) == message);
}

TEST_CASE("addresses of any form that RCPT takes come back", "[spool]") {
    const auto address = GENERATE(as<std::string>{},
                                  "a@example.org",
                                  "a.b+c@x_y.example",
                                  "\"a\\\"@> \"@example.org",
                                  "u@[IPv6:2001:db8::1]",
                                  "Postmaster",
                                  "d\xc3\xb6@ex\xc3\xa4mple.org");
    Message message = example();
    message.recipients[0].envelope = test::recipient(address);
    CHECK(decode_message(encode_message(message)) == message);
}

TEST_CASE("a message that is cut anywhere, or longer, is none", "[spool]") {
    const std::string whole = encode_message(example());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK_FALSE(decode_message(std::string_view{whole}.substr(0, size)));
    }
    CHECK_FALSE(decode_message(whole + '\0'));
}

TEST_CASE("a message whose pieces are not its content is none", "[spool]") {
    Message message = example();
    message.content_bytes += 1;
    CHECK_FALSE(decode_message(encode_message(message)));
}

TEST_CASE("what is too long or out of range is cut when it is written", "[spool]") {
    Message message = example();
    message.recipients[0].diagnostic.assign(last_text_bytes_max + 1, 'x');
    message.recipients[0].next = never + std::chrono::seconds{1};
    message.recipients[0].last = Time{} - std::chrono::seconds{1};
    const auto read = decode_message(encode_message(message));
    REQUIRE(read);
    CHECK(read->recipients[0].diagnostic.size() == last_text_bytes_max);
    CHECK(read->recipients[0].next == never);
    CHECK(read->recipients[0].last == Time{});
}

TEST_CASE("an outcome is read as it was written", "[spool]") {
    Message message = example();
    message.outcomes = 4;
    const std::string whole = encode_outcome(message, std::vector<std::uint32_t>{1}, {3, 88});
    const auto outcome = decode_outcome(whole);
    REQUIRE(outcome);
    CHECK(outcome->id == 77);
    CHECK(outcome->due == due(message));
    CHECK(outcome->previous == Place{3, 88});
    CHECK(outcome->depth == 4);
    REQUIRE(outcome->changes.size() == 1);
    CHECK(outcome->changes[0].number == 1);
    Recipient expected = message.recipients[1];
    expected.envelope = {};
    CHECK(outcome->changes[0].recipient == expected);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK_FALSE(decode_outcome(std::string_view{whole}.substr(0, size)));
    }
    CHECK(decode_outcome(encode_outcome(message, {}, {}))->depth == 0);
}

TEST_CASE("content and done say whose they are", "[spool]") {
    const std::string payload = content_head(5) + "bytes";
    const auto content = decode_content(payload);
    REQUIRE(content);
    CHECK(content->id == 5);
    CHECK(content->bytes == "bytes");
    CHECK_FALSE(decode_content("1234567"));
    CHECK(decode_done(encode_done(9)) == 9U);
    CHECK_FALSE(decode_done("1234567"));
    CHECK_FALSE(decode_done("123456789"));
}

} // namespace
} // namespace postern::spool
