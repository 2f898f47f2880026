#include "gateway/receive/content.h"

#include <set>

#include "tests/gateway/receive/core.h"

namespace postern::receive::test {
namespace {

using namespace std::string_literals;
using io::test::patience;

using Read = std::expected<smtp::ContentFacts, ContentError>;
using Done = std::expected<void, ContentError>;

constexpr std::string_view header = "From: a@other.example\r\n\r\n";

// A client behind a real connection, in the middle of its message.
struct Client {
    Core core;
    std::unique_ptr<InboundTransaction> transaction = core.transaction();
    InboundIntake intake{core.surroundings, core.facts, *transaction};
    smtp::DotStuffer stuffer;
    ContentBounds bounds{.message_bytes_max = 100, .wait = patience};
    io::Descriptor peer;
    gateway::Channel channel;

    explicit Client(std::string_view sends = {}) : Client(sends, io::test::tcp_ends()) {}
    Client(std::string_view sent, io::test::Ends ends)
        : peer(std::move(ends.other)), channel(io::Socket{core.loop.ring(), std::move(ends.one)}) {
        sends(sent);
    }

    void sends(std::string_view bytes) const {
        REQUIRE(::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(bytes.size()));
    }
    Read data() { return awaited(core.loop, read_data(channel, intake, bounds)); }
    Done chunk(std::uint64_t bytes) {
        return awaited(core.loop, read_chunk(channel, intake, stuffer, bytes, bounds));
    }
    Done skip(std::uint64_t bytes) {
        return awaited(core.loop, skip_chunk(channel, bytes, bounds));
    }
    // Of a message in chunks.
    Spoken finish() {
        std::string rest;
        REQUIRE(stuffer.finish(rest) == smtp::DataState::more);
        core.loop.run(intake.take(rest));
        return awaited(core.loop, intake.finish(stuffer.facts()));
    }
    static io::Task<std::string> line_of(gateway::Channel& channel) {
        const auto line = co_await channel.line(512, patience);
        co_return line ? std::string{*line} : std::string{text(line.error())};
    }
    std::string next_command() { return awaited(core.loop, line_of(channel)); }
};

} // namespace

TEST_CASE("a message ends at its dot in whatever pieces it comes, and commands follow") {
    const std::string content = std::string{header} + "..x\r\n.\r\nQUIT\r\n";
    const std::size_t step = GENERATE(1U, 3U, 1000U);
    CAPTURE(step);
    Client client;
    std::optional<Read> read;
    client.core.loop.spawn(
        gateway::test::keep(read_data(client.channel, client.intake, client.bounds), read));
    std::size_t given = 0;
    while (!read) {
        if (client.channel.bytes_in() == given) {
            client.sends(content.substr(given, step));
            given = std::min(given + step, content.size());
        }
        client.core.loop.ring().turn();
    }
    client.sends(content.substr(given));
    REQUIRE(read->has_value());
    CHECK((*read)->bytes == header.size() + 4);
    CHECK(client.next_command() == "QUIT");
    CHECK(awaited(client.core.loop, client.intake.finish(**read)).code == 250);
    CHECK_THAT(client.core.server.messages.at(0), Catch::EndsWith(std::string{header} + "..x\r\n"));
}

TEST_CASE("what another reader could take for the end of a message ends the connection") {
    const std::string end =
        GENERATE(as<std::string>{}, "\n.\n", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\r.\r\n", "\r.\r");
    CAPTURE(end);
    const std::string content = std::string{header} + "x" + end + "MAIL FROM:<b@evil.example>\r\n";
    SECTION("behind DATA") {
        Client client{content + ".\r\n"};
        CHECK(client.data().error() == ContentError::bare_line_end);
        CHECK(client.core.server.messages.empty());
    }
    SECTION("in a chunk") {
        Client client{content};
        CHECK(client.chunk(content.size()).error() == ContentError::bare_line_end);
        CHECK(client.core.server.messages.empty());
    }
}

TEST_CASE("a message at its limits is taken, one beyond is read off and refused") {
    struct Row {
        std::string body;
        std::string reply;
    };
    const auto line = [](std::size_t bytes) { return std::string(bytes - 2, 'x') + "\r\n"; };
    const auto row = GENERATE_COPY(values<Row>({
        {line(100 - header.size()), "250 "},
        {line(101 - header.size()), "552 5.3.4 "},
        {line(201 - header.size()), "552 5.3.4 "}, // twice as big is read off still
        {line(50), "250 "},
        {line(51), "554 5.6.0 "},
        {"." + line(50), "250 "}, // a stuffed dot does not count
    }));
    CAPTURE(row.body.size());
    Client client{std::string{header} + row.body + ".\r\nQUIT\r\n"};
    client.bounds.text_line_bytes_max = row.body.size() <= 51 ? 50 : 0;
    const Read read = client.data();
    REQUIRE(read);
    CHECK_THAT(awaited(client.core.loop, client.intake.finish(*read)).wire,
               Catch::StartsWith(row.reply));
    CHECK(client.core.server.messages.size() == (row.reply == "250 " ? 1 : 0));
    CHECK(client.next_command() == "QUIT");
}

TEST_CASE("a message beyond twice its limit is not read to its end") {
    const std::string body = std::string(202 - header.size(), 'x');
    SECTION("behind DATA") {
        Client client{std::string{header} + body};
        CHECK(client.data().error() == ContentError::too_big);
    }
    SECTION("in chunks that are each allowed") {
        Client client{std::string{header} + body};
        CHECK(client.chunk(100));
        CHECK(client.chunk(100));
        CHECK(client.chunk(2).error() == ContentError::too_big);
    }
    SECTION("in a chunk that nobody wants") {
        Client client;
        CHECK(client.skip(202).error() == ContentError::too_big);
    }
}

TEST_CASE("chunks make one message, stuffed for the next hop, and commands follow each") {
    const std::string content = std::string{header} + ".x\r\n.\r\ny";
    const std::size_t first = GENERATE(0U, 10U, 25U, 26U, 28U, 29U);
    CAPTURE(first);
    Client client{content.substr(0, first) + "NOOP\r\n" + content.substr(first) + "QUIT\r\n"};
    CHECK(client.chunk(first));
    CHECK(client.next_command() == "NOOP");
    CHECK(client.chunk(content.size() - first));
    CHECK(client.next_command() == "QUIT");
    CHECK(client.finish().code == 250);
    CHECK_THAT(client.core.server.messages.at(0),
               Catch::EndsWith(std::string{header} + "..x\r\n..\r\ny\r\n"));
}

TEST_CASE("a message in chunks that breaks a limit is refused at its end") {
    Client client{std::string{header} + std::string(76, 'x') + "\r\n"};
    CHECK(client.chunk(100));
    CHECK_FALSE(client.intake.failed());
    CHECK(client.chunk(3));
    CHECK(client.intake.failed());
    CHECK(client.finish().code == 552);
    CHECK(client.core.server.messages.empty());
}

TEST_CASE("a chunk that nobody wants is read off to its last byte, whatever is in it") {
    Client client{"RSET\nDATA\r\n.\r\n\0\xff"s + "QUIT\r\n"};
    CHECK(client.skip(16));
    CHECK(client.next_command() == "QUIT");
    CHECK(client.skip(0));
}

TEST_CASE("reading ends with a client that leaves, that stalls or that is too slow") {
    struct Row {
        std::string_view name;
        ContentError error;
    };
    const auto row = GENERATE(Row{"leaves", ContentError::lost},
                              Row{"stalls", ContentError::timed_out},
                              Row{"is slow", ContentError::too_slow});
    const std::string reader = GENERATE(as<std::string>{}, "data", "chunk", "skip");
    CAPTURE(row.name, reader);
    Client client{"From"};
    if (row.error == ContentError::lost) client.peer.reset();
    if (row.error == ContentError::timed_out) client.bounds.wait = io::Duration{1};
    if (row.error == ContentError::too_slow) client.bounds.rate_min = 1'000'000'000;
    std::optional<ContentError> error;
    const auto note = [](auto task, std::optional<ContentError>& noted) -> io::Task<void> {
        const auto done = co_await task;
        if (!done) noted = done.error();
    };
    if (reader == "data") {
        client.core.loop.spawn(
            note(read_data(client.channel, client.intake, client.bounds), error));
    } else if (reader == "chunk") {
        client.core.loop.spawn(note(
            read_chunk(client.channel, client.intake, client.stuffer, 50, client.bounds), error));
    } else {
        client.core.loop.spawn(note(skip_chunk(client.channel, 50, client.bounds), error));
    }
    if (row.error == ContentError::too_slow) {
        client.core.loop.turn_for(io::Duration{2});
        client.sends(": a");
    }
    client.core.loop.finish();
    CHECK(error == row.error);
    CHECK(client.core.server.messages.empty());
}

TEST_CASE("a rate counts after its grace, over all that was read") {
    ContentBounds bounds{.rate_min = 100, .rate_grace = io::Duration{10'000}};
    const io::Clock::time_point began{};
    const auto too_slow = [&](std::uint64_t bytes, int milliseconds) {
        return RateGuard{bounds, began}.too_slow(bytes, began + io::Duration{milliseconds});
    };
    CHECK_FALSE(too_slow(0, 10'000));
    CHECK(too_slow(0, 10'001));
    CHECK(too_slow(1999, 20'000));
    CHECK_FALSE(too_slow(2000, 20'000));
    bounds.rate_min = 0;
    CHECK_FALSE(too_slow(0, 1'000'000));
}

TEST_CASE("every way in which content can fail has words of its own") {
    std::set<std::string_view> words;
    for (int error = 0; error <= static_cast<int>(ContentError::lost); ++error) {
        words.insert(text(static_cast<ContentError>(error)));
    }
    CHECK(words.size() == static_cast<std::size_t>(ContentError::lost) + 1);
}

} // namespace postern::receive::test
