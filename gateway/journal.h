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
// holds up mail. When the reader is so slow that `bytes_waiting_max` wait, lines are dropped,
// counted, and the count is written when there is room again. Outlives every Journal.
class JournalWriter {
public:
    static constexpr std::size_t bytes_waiting_max = 64UL << 20U;

    explicit JournalWriter(int fd);
    JournalWriter(const JournalWriter&) = delete;
    JournalWriter& operator=(const JournalWriter&) = delete;
    // Writes what is waiting, then ends.
    ~JournalWriter();

    // From any thread: whole lines, each with its line feed.
    void write(std::string lines);
    [[nodiscard]] std::uint64_t lines_dropped() const {
        return dropped_.load(std::memory_order_relaxed);
    }

private:
    void run();
    void write_out(const std::string& lines);

    int fd_;
    std::atomic<std::size_t> waiting_ = 0;
    std::atomic<std::uint64_t> dropped_ = 0;
    io::Mailbox mailbox_;
    bool ended_ = false; // the writer thread's
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
