#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "perf/sink_session.h"
#include "tests/gateway/directory.h"

using postern::perf::SinkCounters;
using postern::perf::SinkNext;
using postern::perf::SinkSession;

namespace {

// The codes of all replies, "250 354 ...".
std::string codes(std::string_view replies) {
    std::string text;
    while (!replies.empty()) {
        const std::string_view line = replies.substr(0, replies.find('\n') + 1);
        if (line.size() > 3 && line[3] != '-') {
            if (!text.empty()) text += ' ';
            text += line.substr(0, 3);
        }
        replies.remove_prefix(line.size());
    }
    return text;
}

} // namespace

TEST_CASE("a pipelined transaction is answered in one piece", "[perf]") {
    SinkCounters counters;
    SinkSession session{{}, counters, nullptr};
    std::string out;
    const auto next = session.feed("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
                                   "hello\r\n.\r\nquit\r\n",
                                   out);
    CHECK(next == SinkNext::close);
    CHECK(codes(out) == "250 250 250 354 250 221");
    CHECK(session.take_message_ended());
    CHECK_FALSE(session.take_message_ended());
    CHECK(counters.messages == 1);
    CHECK(counters.bytes == 7);
    CHECK(counters.errors == 0);
}

TEST_CASE("a transaction cut into single bytes is answered the same", "[perf]") {
    SinkCounters counters;
    SinkSession session{{}, counters, nullptr};
    std::string out;
    const std::string_view text = "MAIL FROM:<>\r\nRCPT TO:<c@d>\r\nBDAT 3\r\nabcBDAT 2 LAST\r\nde"
                                  "MAIL FROM:<>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\n";
    for (const char byte : text) {
        CHECK(session.feed({&byte, 1}, out) == SinkNext::go_on);
    }
    CHECK(codes(out) == "250 250 250 250 250 250 354 250");
    CHECK(counters.messages == 2);
    CHECK(counters.bytes == 5);
}

TEST_CASE("commands out of order are refused and counted", "[perf]") {
    struct Row {
        std::string_view commands;
        std::string_view replies;
    };
    const Row rows[] = {
        {"RCPT TO:<a@b>\r\n", "503"},
        {"DATA\r\n", "503"},
        {"MAIL FROM:<a@b>\r\nDATA\r\n", "250 503"},
        {"MAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\n", "250 503"},
        {"MAIL FROM:<a@b>\r\nRSET\r\nRCPT TO:<a@b>\r\n", "250 250 503"},
        {"BDAT 3 LAST\r\nabcNOOP\r\n", "503 250"},
        {"BDAT x\r\n", "501"},
        {"STARTTLS\r\n", "503"},
        {"XCLIENT ADDR=192.0.2.1\r\n", "502"},
        {"WHAT\r\n", "500"},
        {"\r\n", "500"},
    };
    for (const Row& row : rows) {
        SinkCounters counters;
        SinkSession session{{}, counters, nullptr};
        std::string out;
        CHECK(session.feed(row.commands, out) == SinkNext::go_on);
        CHECK(codes(out) == row.replies);
        CHECK(counters.errors == 1);
    }
}

TEST_CASE("what stands behind STARTTLS is not read", "[perf]") {
    SinkCounters counters;
    SinkSession session{{.start_tls = true}, counters, nullptr};
    std::string out;
    CHECK(session.feed("STARTTLS\r\nMAIL FROM:<a@b>\r\n", out) == SinkNext::start_tls);
    CHECK(codes(out) == "220");
    session.tls_is_up("1.3");
    out.clear();
    CHECK(session.feed("EHLO a\r\nSTARTTLS\r\n", out) == SinkNext::go_on);
    CHECK(codes(out) == "250 503");
    CHECK(out.find("STARTTLS") == std::string::npos);
}

TEST_CASE("a command line without end is not collected for ever", "[perf]") {
    SinkCounters counters;
    SinkSession session{{}, counters, nullptr};
    std::string out;
    const std::string some(4096, 'x');
    CHECK(session.feed(some, out) == SinkNext::go_on);
    CHECK(session.feed(some, out) == SinkNext::go_on);
    CHECK(session.feed(some, out) == SinkNext::close);
    CHECK(codes(out) == "500");
}

TEST_CASE("a kept message tells whether it came in TLS", "[perf]") {
    const std::string_view version = GENERATE("", "1.2");
    const postern::gateway::test::Directory directory;
    postern::perf::MessageStore store{directory.path(""), 0};
    SinkCounters counters;
    SinkSession session{{.start_tls = true}, counters, &store};
    if (!version.empty()) session.tls_is_up(version);
    std::string out;
    CHECK(session.feed("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 2 LAST\r\nx\n", out) ==
          SinkNext::go_on);
    const std::filesystem::directory_iterator kept{directory.path("")};
    REQUIRE(kept != std::filesystem::directory_iterator{});
    std::ifstream file{kept->path(), std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const std::string transport = version.empty() ? "in clear" : "TLS 1.2";
    CHECK(text == "X-Transport: " + transport +
                      "\r\nX-Envelope-From: <a@b>\r\nX-Envelope-To: <c@d>\r\nx\n");
}

TEST_CASE("the same body has the same hash behind DATA and in chunks, a refused one none",
          "[perf]") {
    constexpr std::string_view envelope = "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n";
    const auto hash_after = [&](std::string_view first, std::string_view second = {}) {
        SinkCounters counters;
        SinkSession session{{}, counters, nullptr};
        std::string out;
        for (const std::string_view text :
             {envelope, first, second.empty() ? second : envelope, second}) {
            if (!text.empty()) CHECK(session.feed(text, out) == SinkNext::go_on);
        }
        return counters.bodies_hash;
    };
    const auto data = hash_after("DATA\r\nReceived: x\r\nA: b\r\n\r\nbody\r\n.\r\n");
    CHECK(data != 0);
    CHECK(hash_after("BDAT 6\r\nA: b\r\nBDAT 8 LAST\r\n\r\nbody\r\n") == data);
    CHECK(hash_after("BDAT 14 LAST\r\nA: b\r\n\r\nbody\r\n") == data);
    CHECK(hash_after("BDAT 14\r\nA: b\r\n\r\nbodx\r\nRSET\r\n",
                     "BDAT 14 LAST\r\nA: b\r\n\r\nbody\r\n") == data);
    CHECK(hash_after("BDAT 14 LAST\r\nA: b\r\n\r\nbodx\r\n") != data);
    CHECK(hash_after("DATA\r\n\r\nbody\r\n.\r\n", "DATA\r\n\r\nbody\r\n.\r\n") == data + data);
}
