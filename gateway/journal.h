#pragma once

#include "gateway/io/mailbox.h"
#include "gateway/report/line.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace postern::gateway {

// Writes log lines to a descriptor on a thread of its own, so that a slow reader of the log never
// holds up mail. Lines are dropped and counted when `bytes_waiting_max` wait for the reader, or
// when the disk takes no more; the first line behind them is `log_lines_lost`, with their number. A
// line that a full disk has cut in two is completed before anything else. Outlives every Journal.
class JournalWriter {
public:
    static constexpr std::size_t bytes_waiting_max = 64UL << 20U;

    explicit JournalWriter(int fd);
    JournalWriter(const JournalWriter&) = delete;
    JournalWriter& operator=(const JournalWriter&) = delete;
    // Writes what is waiting, then ends. What a reader does not take for a second is lost.
    ~JournalWriter();

    // From any thread: whole lines, each with its line feed.
    void write(std::string lines);
    [[nodiscard]] std::uint64_t lines_dropped() const {
        return dropped_.load(std::memory_order_relaxed);
    }

private:
    void run();
    void write_out(std::string_view lines);
    void drop(std::string_view lines);
    // False: the descriptor does not take it.
    [[nodiscard]] bool complete_line();
    [[nodiscard]] bool tell_of_lost();
    // How much of it was written.
    [[nodiscard]] std::size_t put(std::string_view text);
    [[nodiscard]] bool wait_for_room();

    int fd_;
    std::atomic<std::size_t> waiting_ = 0;
    std::atomic<std::uint64_t> dropped_ = 0;
    std::atomic<bool> ending_ = false;
    io::Mailbox mailbox_;
    // The writer thread's:
    std::size_t piece_max_;  // that one write() may have without waiting
    std::string rest_;       // of a line that was cut in two
    std::uint64_t told_ = 0; // of those dropped
    bool given_up_ = false;  // at the end
    bool ended_ = false;
    std::thread thread_;
};

// One core's log: lines are collected and handed to the writer together. One thread only.
class Journal {
public:
    explicit Journal(JournalWriter& writer) : writer_(writer) {}

    // Lines of lower importance are left out.
    void set_level(report::Level level) { level_ = level; }
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    ~Journal() { flush(); }

    static constexpr std::size_t errors_kept = 20;
    // The latest lines of level error, the oldest first, however much of the log is written out.
    [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }

    // `line` is one JSON object, without a line feed.
    void append(report::Level level, std::string_view line);
    [[nodiscard]] bool empty() const { return lines_.empty(); }
    // Hands over what was collected. Called at the end of each turn.
    void flush();

private:
    JournalWriter& writer_;
    std::string lines_;
    std::vector<std::string> errors_;
    report::Level level_ = report::Level::info;
};

} // namespace postern::gateway
