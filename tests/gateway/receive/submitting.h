#pragma once

#include "gateway/receive/session.h"
#include "gateway/spool/recovery.h"
#include "gateway/spool/spool.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/gateway/directory.h"
#include "tests/gateway/receive/core.h"
#include "tests/ssl/support.h"

namespace postern::receive::test {

// What the queue has of a message.
struct Queued {
    spool::Message envelope;
    std::string content;
};

// A disk without space, or a broken one, from a moment on.
class Disk final : public io::FileFault {
public:
    int error = 0; // of each write, sync and allocation

private:
    [[nodiscard]] int fails(io::FileOperation operation) override {
        return operation == io::FileOperation::open || operation == io::FileOperation::remove
                   ? 0
                   : error;
    }
};

// A client on loopback in conversation with a session of an outbound listener, which writes to a
// queue on the disk.
class Submitting {
public:
    ssl::testing::Host tls; // for who wants it
    gateway::test::Directory directory;
    Core core;
    Disk disk;
    Listener listener;
    std::unique_ptr<spool::Spool> queue;
    std::optional<gateway::Channel> client;

    Submitting() {
        listener.name = "submission";
        listener.direction = Direction::outbound;
        listener.clients = {gateway::Network::parse("127.0.0.0/8").value()};
        start();
    }
    Submitting(const Submitting&) = delete;
    Submitting& operator=(const Submitting&) = delete;
    ~Submitting() {
        leave();
        stop();
    }

    // The queue as it is found at a start.
    void start() {
        auto found = spool::recover(directory.path("spool"), 1);
        REQUIRE(found);
        CHECK(found->damages.empty());
        queue = std::make_unique<spool::Spool>(
            core.loop.ring(),
            spool::Spool::Settings{.directory = directory.path("spool"),
                                   .core = 0,
                                   .segment_bytes = 1U << 20U,
                                   .fault = &disk},
            std::move(found->cores[0]));
        core.surroundings.spool = queue.get();
    }
    void stop() {
        core.loop.run(queue->stop());
        core.surroundings.spool = nullptr;
        queue.reset();
    }

    // A session begins; gives the greeting.
    std::string connect() {
        io::test::Ends ends = io::test::tcp_ends();
        client.emplace(io::Socket{core.loop.ring(), std::move(ends.one)});
        sessions_.spawn(serve(io::Socket{core.loop.ring(), std::move(ends.other)}));
        return say("", 1).at(0);
    }
    // Says all of it at once, then hears so many replies; fewer when the session ends before.
    Lines say(std::string_view bytes, std::size_t replies = 1) {
        return awaited(core.loop, exchange(*client, bytes, replies));
    }
    // Behind STARTTLS and its 220.
    void shake_hands() {
        REQUIRE(awaited(core.loop,
                        client->start_tls(*tls.client, "mx.example.org", io::test::patience)));
    }
    // A whole transaction: its last reply.
    std::string submit(std::string_view content,
                       std::string_view mail = "MAIL FROM:<me@example.org>",
                       std::string_view rcpt = "RCPT TO:<you@far.example>") {
        const std::string commands =
            std::string{mail} + "\r\n" + std::string{rcpt} + "\r\nDATA\r\n";
        const Lines replies = say(commands, 3);
        REQUIRE(replies.size() == 3);
        if (!replies.back().starts_with("354")) return replies.back();
        return say(std::string{content} + ".\r\n").at(0);
    }
    void leave() {
        client.reset();
        turn_until(core.loop, [this] { return sessions_.running() == 0; });
    }

    [[nodiscard]] std::size_t waiting() const { return queue->waiting(); }
    // Takes the one message that waits.
    Queued take() {
        REQUIRE(waiting() == 1);
        const auto id = queue->take_due(spool::never);
        REQUIRE(id);
        auto envelope = awaited(core.loop, queue->load(*id));
        REQUIRE(envelope);
        Queued queued{.envelope = std::move(*envelope), .content = {}};
        auto content = queue->read(queued.envelope);
        for (;;) {
            const auto piece = awaited(core.loop, content.next());
            REQUIRE(piece);
            if (piece->empty()) return queued;
            queued.content += *piece;
        }
    }

private:
    io::Task<void> serve(io::Socket socket) {
        Session session{core.surroundings, listener, std::move(socket)};
        co_await session.run();
    }

    static io::Task<Lines>
    exchange(gateway::Channel& client, std::string_view bytes, std::size_t replies) {
        Lines heard;
        if (!bytes.empty()) {
            const auto sent = co_await client.send(bytes, io::test::patience);
            if (!sent) co_return heard;
        }
        std::string reply;
        while (heard.size() < replies) {
            const auto line = co_await client.line(2048, io::test::patience);
            if (!line) co_return heard;
            reply += *line;
            const bool goes_on = line->size() > 3 && (*line)[3] == '-';
            if (goes_on) {
                reply += '\n';
            } else {
                heard.push_back(std::exchange(reply, {}));
            }
        }
        co_return heard;
    }

    io::TaskGroup sessions_{core.loop.ring()};
};

// The fields in front of `content`, which stands there as it was said.
inline std::string in_front_of(std::string_view content, const Queued& queued) {
    REQUIRE_THAT(queued.content, Catch::EndsWith(std::string{content}));
    return queued.content.substr(0, queued.content.size() - content.size());
}

} // namespace postern::receive::test
