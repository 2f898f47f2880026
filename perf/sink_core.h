#pragma once

#include "gateway/io/acceptor.h"
#include "gateway/io/event.h"
#include "gateway/io/mailbox.h"
#include "gateway/io/ring.h"
#include "gateway/io/task_group.h"
#include "ssl/context.h"
#include "ssl/ticket.h"

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "perf/sink_session.h"
#include "perf/stream.h"

namespace postern::perf {

struct SinkSettings {
    std::string store; // a directory; empty: messages are counted only
    bool xclient = false;
    io::Duration delay{0}; // before the replies that end a message
    // With both: STARTTLS is on offer.
    std::optional<ssl::ServerSettings> tls;
    std::optional<ssl::TicketKeys> ticket_keys;
};

// One thread of the sink: its ring, its listening socket, its conversations. Made and run on its
// own thread; only stop() is for others.
class SinkCore {
public:
    SinkCore(const SinkSettings& settings, unsigned number);
    SinkCore(const SinkCore&) = delete;
    SinkCore& operator=(const SinkCore&) = delete;
    ~SinkCore() = default;

    // Serves until stop(). What kept it from starting, or nothing.
    [[nodiscard]] std::optional<std::string> run(io::Descriptor listening);
    // From any thread, also before run().
    void stop();

    // After run() has returned.
    [[nodiscard]] const SinkCounters& counters() const { return counters_; }
    // Between the first connection and the end of the last message.
    [[nodiscard]] double busy_seconds() const;

private:
    io::Task<> accept();
    io::Task<> serve(io::Descriptor fd);
    io::Task<> converse(Stream& stream);
    io::Task<bool> start_tls(Stream& stream, SinkSession& session);
    [[nodiscard]] std::optional<std::string> open();
    io::Task<> wind_down();

    const SinkSettings& settings_;
    std::optional<MessageStore> store_;
    std::unique_ptr<ssl::ServerContext> tls_;
    std::vector<char> scratch_; // see Stream
    SinkCounters counters_;
    io::Clock::time_point first_;
    io::Clock::time_point last_;
    io::Mailbox mailbox_;
    std::unique_ptr<io::Ring> ring_;
    // These need the ring, so they live while it runs.
    std::unique_ptr<io::Acceptor> acceptor_;
    std::unique_ptr<io::TaskGroup> tasks_;
    std::unique_ptr<io::Event> pause_; // never set: waiting for it is waiting for a time
    std::unordered_set<Stream*> open_;
    bool stopping_ = false;
    bool ended_ = false;
};

} // namespace postern::perf
