#include "gateway/channel.h"

#include <catch2/catch.hpp>

#include <array>
#include <set>
#include <string>
#include <vector>

#include "tests/gateway/awaited.h"
#include "tests/ssl/support.h"

namespace postern::gateway::test {
namespace {

using namespace std::string_literals;
using io::test::patience;

constexpr std::size_t bytes_max = 12; // of a line, CRLF included

using Text = std::expected<std::string, ChannelError>;
using Sent = std::expected<void, ChannelError>;
using Turned = std::expected<void, ssl::Error>;

// The channel that is tested and, over loopback, what it talks to, which can also be no channel but
// bytes on a socket.
struct Ends {
    io::test::Loop loop;
    ssl::testing::Host tls;
    std::optional<Channel> near;
    std::optional<Channel> far;

    Ends() {
        io::test::Ends ends = io::test::tcp_ends();
        near.emplace(io::Socket{loop.ring(), std::move(ends.one)});
        far.emplace(io::Socket{loop.ring(), std::move(ends.other)});
    }

    void far_sends(std::string_view bytes) {
        REQUIRE(::send(far->socket().fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(bytes.size()));
    }
    void far_leaves() { far.reset(); }
    void far_resets() {
        far->socket().reset_on_close();
        far.reset();
    }
    // Both sides in TLS, near as the server.
    void shake_hands() {
        std::optional<Turned> server;
        std::optional<Turned> client;
        loop.spawn(keep(near->start_tls(*tls.server, EarlyBytes::thrown_away, patience), server));
        loop.spawn(keep(far->start_tls(*tls.client, "mx.example.org", patience), client));
        loop.finish();
        REQUIRE(server->has_value());
        REQUIRE(client->has_value());
    }

    static io::Task<Text> line_of(Channel& channel, io::Duration wait) {
        const auto line = co_await channel.line(bytes_max, wait);
        co_return line ? Text{*line} : Text{std::unexpect, line.error()};
    }
    // Turns until this has ended, whatever else goes on.
    template<typename Value>
    Value first(io::Task<Value> task) {
        std::optional<Value> value;
        loop.spawn(keep(std::move(task), value));
        turn_until(loop, [&] { return value.has_value(); });
        return std::move(*value);
    }
    Text line(io::Duration wait = patience) { return first(line_of(*near, wait)); }

    static io::Task<Text> data_of(Channel& channel) {
        const auto bytes = co_await channel.data(patience);
        co_return bytes ? Text{*bytes} : Text{std::unexpect, bytes.error()};
    }
    Text data() { return first(data_of(*near)); }

    // Everything until the stream ends, and how it ended.
    static io::Task<void>
    read_all(Channel& channel, std::string& all, std::optional<ChannelError>& end) {
        for (;;) {
            const auto bytes = co_await channel.data(patience);
            if (!bytes) {
                end = bytes.error();
                co_return;
            }
            all += *bytes;
            channel.consume(bytes->size());
        }
    }
    Sent send(Channel& channel, std::string_view bytes, io::Duration wait = patience) {
        return first(channel.send(bytes, wait));
    }
};

} // namespace

TEST_CASE("a line that is here already is given without suspending") {
    Ends ends;
    ends.far_sends("EHLO x\r\n\r\nQUIT\r\nNO");
    CHECK(ends.line() == "EHLO x");
    CHECK(ends.near->has_line());
    CHECK(ends.line() == "");
    auto wait = ends.near->line(bytes_max, patience);
    REQUIRE(wait.await_ready());
    CHECK(wait.await_resume() == "QUIT");
    CHECK_FALSE(ends.near->has_line());
    CHECK(ends.near->has_buffered());
    CHECK(ends.near->bytes_in() == 18);
}

TEST_CASE("a line is the same, or is as wrong, in whatever pieces it comes") {
    struct Row {
        std::string bytes;
        std::vector<Text> lines;
    };
    const auto wrong = [](ChannelError error) { return Text{std::unexpect, error}; };
    const auto row = GENERATE_COPY(values<Row>({
        {"EHLO x\r\nQUIT\r\n", {"EHLO x", "QUIT"}},
        {"0123456789\r\n", {"0123456789"}}, // as long as a line may be
        {"01234567890\r\nQUIT\r\n", {wrong(ChannelError::line_too_long), "QUIT"}},
        {std::string(3000, 'x') + "\r\nQUIT\r\n", {wrong(ChannelError::line_too_long), "QUIT"}},
        {"RSET\nQUIT\r\n", {wrong(ChannelError::bare_line_end)}},
        {"RSET\rQUIT\r\n", {wrong(ChannelError::bare_line_end)}},
        {"RSET\r\r\n", {wrong(ChannelError::bare_line_end)}},
        {"RS\0ET\r\n"s, {wrong(ChannelError::nul)}},
    }));
    const std::size_t step = GENERATE(1U, 5U, 1U << 20U);
    CAPTURE(row.bytes.substr(0, 20), step);
    Ends ends;
    std::size_t given = 0;
    for (const Text& expected : row.lines) {
        std::optional<Text> line;
        ends.loop.spawn(keep(Ends::line_of(*ends.near, patience), line));
        while (!line) {
            if (ends.near->bytes_in() == given && given < row.bytes.size()) {
                const std::string piece = row.bytes.substr(given, step);
                ends.far_sends(piece);
                given += piece.size();
            }
            ends.loop.ring().turn();
        }
        ends.loop.finish();
        CHECK(*line == expected);
    }
}

TEST_CASE("a line without end is not read for ever") {
    Ends ends;
    const std::string flood(200'000, 'x');
    std::optional<Sent> sent;
    ends.loop.spawn(keep(ends.far->send(flood, patience), sent));
    CHECK(ends.line() == Text{std::unexpect, ChannelError::flood});
    ends.far->cancel();
    ends.loop.finish();
}

TEST_CASE("a wait ends with what ended it") {
    Ends ends;
    SECTION("the peer has left in order") {
        ends.far_sends("QU"); // half a line is none
        ends.far_leaves();
        CHECK(ends.line().error() == ChannelError::closed);
    }
    SECTION("the peer has broken off, and then takes nothing more") {
        ends.far_resets();
        CHECK(ends.line().error() == ChannelError::broken);
        CHECK(ends.data().error() == ChannelError::broken);
        CHECK(ends.send(*ends.near, "250 ok\r\n").error() == ChannelError::broken);
    }
    SECTION("nothing has come in time") {
        CHECK(ends.line(io::Duration{1}).error() == ChannelError::timed_out);
        ends.far_sends("QUIT\r\n");
        CHECK(ends.line() == "QUIT");
    }
    SECTION("an interruption ends this wait alone") {
        std::optional<Text> line;
        ends.loop.spawn(keep(Ends::line_of(*ends.near, patience), line));
        ends.near->interrupt();
        ends.loop.finish();
        CHECK(line->error() == ChannelError::cancelled);
        ends.far_sends("QUIT\r\n");
        CHECK(ends.line() == "QUIT");
    }
    SECTION("cancelling ends every wait to come") {
        ends.near->cancel();
        CHECK(ends.line().error() == ChannelError::cancelled);
        CHECK(ends.send(*ends.near, "250 ok\r\n").error() == ChannelError::cancelled);
    }
    SECTION("a peer that reads nothing is not waited for") {
        const std::string much(50'000'000, 'x');
        CHECK(ends.send(*ends.near, much, io::Duration{5}).error() == ChannelError::timed_out);
    }
}

TEST_CASE("data comes again until it is consumed, and lines go on behind it") {
    Ends ends;
    ends.far_sends("content\r\n.\r\nQUIT\r\n");
    CHECK(ends.data() == "content\r\n.\r\nQUIT\r\n");
    ends.near->consume(9);
    CHECK(ends.data() == ".\r\nQUIT\r\n");
    ends.near->consume(3);
    CHECK(ends.line() == "QUIT");
    CHECK_FALSE(ends.near->has_buffered());
}

TEST_CASE("a channel that waits holds no receive buffer") {
    Ends ends;
    const bool in_tls = GENERATE(false, true);
    CAPTURE(in_tls);
    if (in_tls) ends.shake_hands();
    REQUIRE(ends.send(*ends.near, "220 hi\r\n"));
    CHECK(ends.first(Ends::line_of(*ends.far, patience)) == "220 hi");
    std::optional<Text> line;
    ends.loop.spawn(keep(Ends::line_of(*ends.far, patience), line));
    CHECK(ends.loop.ring().buffers().in_use() == 0);
    ends.far->interrupt();
    ends.loop.finish();
}

TEST_CASE("what is sent arrives, in clear and in TLS, and both sides count the same bytes") {
    Ends ends;
    const bool in_tls = GENERATE(false, true);
    CAPTURE(in_tls);
    if (in_tls) ends.shake_hands();
    std::string much;
    while (much.size() < 300'000) {
        much += "line " + std::to_string(much.size()) + "\r\n";
    }
    std::string all;
    std::optional<ChannelError> end;
    ends.loop.spawn(Ends::read_all(*ends.far, all, end));
    std::optional<Sent> sent;
    ends.loop.spawn(keep(ends.near->send(much, patience), sent));
    turn_until(ends.loop, [&] { return all.size() == much.size(); });
    CHECK(sent->has_value());
    CHECK(all == much);
    CHECK(ends.far->bytes_in() == ends.near->bytes_out());
    CHECK((ends.near->bytes_out() > much.size()) == in_tls);
    ends.far->cancel();
    ends.loop.finish();
}

TEST_CASE("TLS begins on a connection that spoke in clear, and tells what it proved") {
    Ends ends;
    CHECK_FALSE(ends.near->encrypted());
    CHECK(ends.near->peer() == nullptr);
    ends.far_sends("STARTTLS\r\n");
    CHECK(ends.line() == "STARTTLS");
    ends.shake_hands();
    CHECK(ends.near->encrypted());
    CHECK(ends.near->peer()->version == ssl::Version::tls_1_3);
    CHECK(ends.near->peer()->sni == "mx.example.org");
    CHECK(ends.far->peer()->chain == ssl::ChainVerdict::trusted);
    REQUIRE(ends.send(*ends.far, "EHLO x\r\n"));
    CHECK(ends.line() == "EHLO x");
}

TEST_CASE("what was said in clear behind STARTTLS is never taken for something said in TLS") {
    Ends ends;
    ends.far_sends("STARTTLS\r\nRSET\r\nNO");
    CHECK(ends.line() == "STARTTLS");
    CHECK(ends.near->has_buffered());
    ends.shake_hands();
    REQUIRE(ends.send(*ends.far, "OP\r\n"));
    CHECK(ends.line() == "OP");
}

TEST_CASE("where TLS comes first, bytes that are here already are its beginning") {
    Ends ends;
    std::optional<Turned> client;
    ends.loop.spawn(keep(ends.far->start_tls(*ends.tls.client, "", patience), client));
    REQUIRE(ends.data());
    std::optional<Turned> server;
    ends.loop.spawn(
        keep(ends.near->start_tls(*ends.tls.server, EarlyBytes::are_tls, patience), server));
    ends.loop.finish();
    CHECK(server->has_value());
    CHECK(client->has_value());
}

TEST_CASE("a handshake that comes to nothing says why") {
    const bool as_server = GENERATE(true, false);
    CAPTURE(as_server);
    Ends ends;
    ssl::Cause cause = ssl::Cause::closed;
    io::Duration wait = patience;
    SECTION("text instead of TLS") {
        ends.far_sends("EHLO mx.example.org\r\n");
        cause = as_server ? ssl::Cause::not_tls : ssl::Cause::bad_record;
    }
    SECTION("a peer that leaves in the middle") {
        ends.far_sends("\x16\x03\x01");
        ends.far_leaves();
    }
    SECTION("a peer that breaks off") { ends.far_resets(); }
    SECTION("a peer that says nothing") { wait = io::Duration{5}; }
    const Turned turned =
        ends.first(as_server ? ends.near->start_tls(*ends.tls.server, EarlyBytes::thrown_away, wait)
                             : ends.near->start_tls(*ends.tls.client, "mx.example.org", wait));
    REQUIRE_FALSE(turned);
    CHECK(turned.error().cause == cause);
}

TEST_CASE("the end of a connection in TLS is in order only when the peer has said so") {
    Ends ends;
    ends.shake_hands();
    REQUIRE(ends.send(*ends.far, "QUIT\r\n"));
    SECTION("said") {
        ends.loop.spawn(ends.far->close(patience));
        CHECK(ends.line() == "QUIT");
        CHECK(ends.line().error() == ChannelError::closed);
        ends.near.reset();
        ends.loop.finish();
    }
    SECTION("cut off") {
        ends.far->socket().shut_down_send();
        CHECK(ends.line() == "QUIT");
        CHECK(ends.line().error() == ChannelError::broken);
    }
    SECTION("forged") {
        ends.far_sends("\x17\x03\x03\x00\x20" + std::string(32, 'x'));
        CHECK(ends.line() == "QUIT");
        CHECK(ends.line().error() == ChannelError::tls);
        CHECK(ends.near->tls_error().cause == ssl::Cause::bad_record);
        CHECK(ends.send(*ends.near, "221 bye\r\n").error() == ChannelError::tls);
    }
}

TEST_CASE("last words reach a peer that had more to say") {
    Ends ends;
    const bool in_tls = GENERATE(false, true);
    CAPTURE(in_tls);
    if (in_tls) ends.shake_hands();
    const std::string unread(100'000, 'x');
    std::optional<Sent> sent;
    ends.loop.spawn(keep(ends.far->send(unread, patience), sent));
    REQUIRE(ends.send(*ends.near, "421 bye\r\n"));
    ends.loop.spawn(ends.near->close(patience));
    std::string all;
    std::optional<ChannelError> end;
    ends.loop.spawn(Ends::read_all(*ends.far, all, end));
    turn_until(ends.loop, [&] { return end.has_value() && sent.has_value(); });
    CHECK(end == ChannelError::closed);
    CHECK(all == "421 bye\r\n");
    CHECK(sent->has_value());
    ends.far.reset();
    ends.loop.finish();
}

TEST_CASE("closing waits neither for a peer that stays nor for one that never stops talking") {
    Ends ends;
    SECTION("stays") { ends.loop.run(ends.near->close(io::Duration{5})); }
    SECTION("never stops") {
        const std::string much(50'000'000, 'x');
        std::optional<Sent> sent;
        ends.loop.spawn(keep(ends.far->send(much, patience), sent));
        const auto close = [](Channel& channel) -> io::Task<bool> {
            co_await channel.close(patience);
            co_return true;
        };
        CHECK(ends.first(close(*ends.near)));
        CHECK_FALSE(sent);
        CHECK(ends.near->bytes_in() < much.size() / 2);
        ends.near->cancel();
        ends.far->cancel();
        ends.loop.finish();
        CHECK(sent->error() == ChannelError::cancelled);
    }
}

TEST_CASE("every error of a channel has words of its own") {
    std::set<std::string_view> words;
    for (int error = 0; error <= static_cast<int>(ChannelError::flood); ++error) {
        words.insert(text(static_cast<ChannelError>(error)));
    }
    CHECK(words.size() == static_cast<std::size_t>(ChannelError::flood) + 1);
}

} // namespace postern::gateway::test
