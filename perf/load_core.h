#pragma once

#include "gateway/io/event.h"
#include "gateway/io/mailbox.h"
#include "gateway/io/ring.h"
#include "gateway/io/task_group.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "perf/arrivals.h"
#include "perf/load_client.h"
#include "perf/load_result.h"
#include "perf/load_settings.h"

namespace postern::perf {

// One thread of the generator, with its share of the connections, messages and arrivals. Made
// anywhere, run on its own thread; stop() and idle_ready() are for others.
class LoadCore {
public:
    // `number` of `settings.threads` cores; all begin at `begin`.
    LoadCore(const LoadSettings& settings, unsigned number, io::Clock::time_point begin);
    LoadCore(const LoadCore&) = delete;
    LoadCore& operator=(const LoadCore&) = delete;
    ~LoadCore() = default;

    // Until everything is sent, the time is up, or stop(). What kept it from starting, or nothing.
    [[nodiscard]] std::optional<std::string> run();
    // Begins nothing more, waits for what is under way.
    void stop();
    // True as soon as every idle connection is there or has failed.
    [[nodiscard]] bool idle_ready() const { return idle_ready_.load(std::memory_order_acquire); }
    [[nodiscard]] std::uint64_t idle_open() const {
        return idle_open_.load(std::memory_order_acquire);
    }

    // Replies to messages so far, and what failed; the warm-up included.
    [[nodiscard]] std::uint64_t replied() const { return replied_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }

    // After run() has returned.
    [[nodiscard]] const LoadResult& result() const { return result_; }

private:
    [[nodiscard]] std::optional<std::string> open();
    void start();
    void begin_nothing_more();
    void cancel_all();
    [[nodiscard]] io::Task<> watch();
    [[nodiscard]] io::Task<bool> send_over(LoadClient& client,
                                           std::optional<io::Clock::time_point>& start);
    [[nodiscard]] io::Task<> send_messages();
    [[nodiscard]] io::Task<std::optional<io::Clock::time_point>> next_start();
    [[nodiscard]] io::Task<bool>
    connect(LoadClient& client, std::optional<ssl::Session>& session, bool measured);
    [[nodiscard]] io::Task<> open_idle_ones();
    [[nodiscard]] io::Task<> hold_one(std::unique_ptr<LoadClient> client);
    [[nodiscard]] bool measured(io::Clock::time_point start) const {
        return start >= measure_from_;
    }
    void note_reply(int code, const Messages::Mail& message, io::Clock::time_point start);
    void note_failure(LoadFailure failure);
    [[nodiscard]] io::Task<> pause(io::Duration wait);
    [[nodiscard]] std::uint64_t share_of(std::uint64_t total) const;

    const LoadSettings& settings_;
    const unsigned number_;
    const io::Clock::time_point measure_from_;
    const io::Clock::time_point begin_;
    io::Clock::time_point end_;         // nothing begins after it; of idle ones: once all are there
    io::Clock::time_point first_start_; // of a measured message
    io::Clock::time_point last_reply_;
    std::uint64_t messages_left_ = 0; // measured ones to be begun
    std::uint64_t next_message_;      // its number; the cores take turns
    LoadResult result_;
    std::unordered_set<LoadClient*> clients_;
    std::vector<char> scratch_;
    std::unique_ptr<ssl::ClientContext> tls_;
    io::Mailbox mailbox_;
    std::unique_ptr<io::Ring> ring_;
    // These need the ring, so they live while it runs.
    std::unique_ptr<io::TaskGroup> tasks_;
    std::unique_ptr<io::TaskGroup> idle_; // connections that are held
    std::unique_ptr<io::Event> pause_;    // never set: waiting for it is waiting for a time
    std::unique_ptr<Arrivals> arrivals_;
    std::uint64_t idle_begun_ = 0;
    std::uint64_t idle_settled_ = 0;
    std::atomic<std::uint64_t> replied_ = 0;
    std::atomic<std::uint64_t> failed_ = 0;
    std::atomic<bool> idle_ready_ = false;
    std::atomic<std::uint64_t> idle_open_ = 0;
    bool stopping_ = false;
    bool ended_ = false;
};

} // namespace postern::perf
