#include "gateway/smtp/reply_reader.h"

#include <catch2/catch.hpp>

#include <string>

using namespace std::string_view_literals;
using postern::smtp::EnhancedCode;
using postern::smtp::ParsedReply;
using postern::smtp::ReplyReader;
using postern::smtp::ReplyState;

namespace {

ParsedReply read(std::string_view text) {
    ReplyReader reader;
    const auto fed = reader.feed(text);
    REQUIRE(fed.state == ReplyState::complete);
    return reader.take();
}

} // namespace

TEST_CASE("a reply of several lines is one value") {
    const ParsedReply reply = read("250-mx.example\r\n250-SIZE 1000\r\n250 DSN\r\n");
    CHECK(reply.code == 250);
    CHECK(reply.lines == std::vector<std::string>{"mx.example", "SIZE 1000", "DSN"});
    CHECK(reply.text() == "mx.example SIZE 1000 DSN");
}

TEST_CASE("a reply is complete or broken as its bytes say") {
    struct Row {
        std::string_view text;
        ReplyState state;
    };
    const Row row = GENERATE(values<Row>({
        {"250 OK\r\n", ReplyState::complete},
        {"250\r\n", ReplyState::complete},
        {"250 OK\n", ReplyState::complete},
        {"250\tOK\r\n", ReplyState::complete},
        {"250-OK\r\n", ReplyState::need_more},
        {"250 OK\r", ReplyState::need_more},
        {"", ReplyState::need_more},
        {"250-a\r\n251 b\r\n", ReplyState::malformed},
        {"150 OK\r\n", ReplyState::malformed},
        {"650 OK\r\n", ReplyState::malformed},
        {"25 OK\r\n", ReplyState::malformed},
        {"2500 OK\r\n", ReplyState::malformed},
        {"HTTP/1.1 200 OK\r\n", ReplyState::malformed},
        {"\r\n", ReplyState::malformed},
        {"250 \0OK\r\n"sv, ReplyState::malformed},
    }));
    CAPTURE(row.text);
    ReplyReader reader;
    CHECK(reader.feed(row.text).state == row.state);
}

TEST_CASE("replies that arrive together are read one after the other") {
    const std::string_view text = "250 one\r\n550 two\r\n";
    ReplyReader reader;
    const auto first = reader.feed(text);
    CHECK(first.consumed == 9);
    CHECK_FALSE(reader.empty());
    CHECK(reader.take().code == 250);
    CHECK(reader.empty());
    const auto second = reader.feed(text.substr(first.consumed));
    CHECK(second.state == ReplyState::complete);
    CHECK(reader.take().code == 550);
}

TEST_CASE("a reply may come byte by byte") {
    ReplyReader reader;
    ReplyState state = ReplyState::need_more;
    for (const char byte : "451-4.4.1 a\r\n451 4.4.1 b\r\n"sv)
        state = reader.feed({&byte, 1}).state;
    CHECK(state == ReplyState::complete);
    CHECK(reader.take().enhanced() == EnhancedCode{4, 4, 1});
}

TEST_CASE("lines and their number are bounded") {
    const std::string fits = "250 " + std::string(2048 - 5, 'x');
    CHECK(ReplyReader().feed(fits + "\r\n").state == ReplyState::complete);
    CHECK(ReplyReader().feed(fits + "xx\r\n").state == ReplyState::too_big);
    CHECK(ReplyReader().feed(std::string(5000, '2')).state == ReplyState::too_big);
    std::string lines;
    for (int i = 0; i < 199; ++i)
        lines += "250-x\r\n";
    CHECK(ReplyReader().feed(lines + "250 x\r\n").state == ReplyState::complete);
    CHECK(ReplyReader().feed(lines + "250-x\r\n250 x\r\n").state == ReplyState::too_big);
}

TEST_CASE("a broken reader stays broken") {
    ReplyReader reader;
    CHECK(reader.feed("oops\r\n").state == ReplyState::malformed);
    CHECK(reader.feed("250 OK\r\n").state == ReplyState::malformed);
}

TEST_CASE("a reply is passed on unchanged, nothing before it (I16)") {
    for (const std::string_view text : {"550 5.1.1 <a@b>: user unknown\r\n"sv,
                                        "450-4.2.0 greylisted\r\n450 see http://x/\r\n"sv}) {
        std::string out;
        read(text).append_to(out);
        CHECK(out == text);
    }
    std::string out;
    read("250\r\n").append_to(out);
    CHECK(out == "250 \r\n");
}

TEST_CASE("an enhanced code that contradicts the code does not count") {
    CHECK(read("550 5.7.1 no\r\n").enhanced() == EnhancedCode{5, 7, 1});
    CHECK_FALSE(read("550 4.7.1 no\r\n").enhanced().present());
    CHECK_FALSE(read("550 no\r\n").enhanced().present());
}

TEST_CASE("a parsed reply as a value says the same on the wire") {
    const std::string_view text = "550-5.7.1 one\r\n550 5.7.1 two\r\n";
    CHECK(wire_text(read(text).as_reply()) == text);
}
