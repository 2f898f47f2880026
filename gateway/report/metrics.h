#pragma once

#include "gateway/report/counter.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::report {

/// Everything one core counts. The core's thread writes; the admin listener reads at any time from
/// another thread, and adds the cores up. Its own cache lines: cores share none.
struct alignas(64) Counters {
    // Sessions
    Counter sessions_opened;
    Counter sessions_refused; // 421 instead of a greeting
    Gauge sessions;
    NamedCounters sessions_by_tls;   // "none", "1.2", "1.3": counted at their end
    Counter handshakes;              // that worked
    Counter handshakes_resumed;      // those of them without a certificate
    NamedCounters handshakes_failed; // by cause
    Counter commands;
    Counter errors;                 // 5xx replies to commands
    NamedCounters refusals_by_code; // replies 4xx and 5xx

    // Messages
    VerdictCounters messages;
    NamedCounters refusals_by_setting; // the policy's settings
    Counter bytes_received;            // of clients, as they crossed the wire
    Counter bytes_sent;
    Histogram message_seconds; // from the end of data to our reply

    // Next hops
    Counter next_hop_connects;
    Counter next_hop_failures;
    Counter next_hop_reuses;
    Gauge next_hop_connections;
    Gauge next_hop_idle;

    // Outbound
    NamedCounters deliveries;      // attempts at one recipient, by verdict
    NamedCounters delivery_causes; // of those that did not deliver
    Counter delivery_reports;      // to senders
    Gauge queue_waiting;           // messages on the disk
    Gauge queue_in_hand;           // being delivered
    Gauge queue_oldest_arrival;    // seconds since 1970; 0: the queue is empty
    Counter spool_data_syncs;
    Counter spool_failures;

    // The loop. These are read off the ring now and then: set(), not add().
    Counter ring_enters;
    Counter completions;
    Counter wakeups;
    Counter buffers_exhausted;
};

/// What is not any core's. A value, put together when somebody asks.
struct Process {
    struct Certificate {
        std::string name; // what it is for: its file or first host name
        std::chrono::sys_seconds not_after;
    };

    std::string version;
    unsigned cores = 0;
    std::uint64_t policy_generation = 0;
    std::uint64_t reloads_done = 0;
    std::uint64_t reloads_failed = 0;
    std::uint64_t log_lines_dropped = 0;
    std::chrono::sys_seconds started_at;
    std::chrono::sys_seconds now;
    std::vector<std::chrono::seconds> silence; // of each core: how long it has not answered
    std::vector<Certificate> certificates;
};

/// Appends all of it in the text format of Prometheus (version 0.0.4).
void render(std::span<const Counters* const> cores, const Process& process, std::string& out);

} // namespace postern::report
