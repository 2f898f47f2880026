#include "gateway/report/metrics.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>

// The text format: one line a sample behind two lines that say what it is. Names end in their unit,
// counts of what has happened in `_total`. A metric of several labels always has all its rows, as
// far as they are known, so that a rate can be taken from the first event on.

namespace postern::report {
namespace {

using Cores = std::span<const Counters* const>;

enum class Kind : std::uint8_t { counter, gauge, histogram };

std::string_view text(Kind kind) {
    switch (kind) {
    case Kind::counter: return "counter";
    case Kind::gauge: return "gauge";
    case Kind::histogram: return "histogram";
    }
    return "untyped";
}

struct Metric {
    std::string_view name;
    std::string_view help;
};

void append_header(std::string& out, Metric metric, Kind kind) {
    out.append("# HELP ").append(metric.name).append(" ").append(metric.help).append("\n");
    out.append("# TYPE ").append(metric.name).append(" ").append(text(kind)).append("\n");
}

void append_label_value(std::string& out, std::string_view value) {
    for (const char character : value) {
        switch (character) {
        case '\\': out += "\\\\"; break;
        case '"': out += "\\\""; break;
        case '\n': out += "\\n"; break;
        default: out += character;
        }
    }
}

struct Label {
    std::string_view name; // empty: none
    std::string_view value;
};

void append_sample(std::string& out, std::string_view name, Label label, std::string_view value) {
    out += name;
    if (!label.name.empty()) {
        out.append("{").append(label.name).append("=\"");
        append_label_value(out, label.value);
        out += "\"}";
    }
    out.append(" ").append(value).append("\n");
}

void append_sample(std::string& out, std::string_view name, Label label, std::uint64_t value) {
    append_sample(out, name, label, std::string_view(std::to_string(value)));
}

template<typename Number, typename Member>
Number sum_of(Cores cores, Member member) {
    Number sum = 0;
    for (const Counters* const core : cores)
        sum += (core->*member).value();
    return sum;
}

struct CounterRow {
    Metric metric;
    Counter Counters::* member;
};

constexpr std::array counter_rows{
    CounterRow{{"postern_sessions_opened_total", "Sessions that got a greeting."},
               &Counters::sessions_opened},
    CounterRow{
        {"postern_sessions_refused_total", "Connections sent away at once because of a limit."},
        &Counters::sessions_refused},
    CounterRow{{"postern_tls_handshakes_total", "TLS handshakes with clients that worked."},
               &Counters::handshakes},
    CounterRow{{"postern_tls_handshakes_resumed_total",
                "Those of them that resumed an earlier TLS session."},
               &Counters::handshakes_resumed},
    CounterRow{{"postern_commands_total", "Commands of clients."}, &Counters::commands},
    CounterRow{{"postern_command_errors_total", "Commands answered 5xx."}, &Counters::errors},
    CounterRow{{"postern_received_bytes_total", "Bytes of clients, as they crossed the wire."},
               &Counters::bytes_received},
    CounterRow{{"postern_sent_bytes_total", "Bytes to clients, as they crossed the wire."},
               &Counters::bytes_sent},
    CounterRow{{"postern_next_hop_connects_total", "Connections opened to next hops."},
               &Counters::next_hop_connects},
    CounterRow{{"postern_next_hop_failures_total",
                "Connections to next hops that could not be opened or broke."},
               &Counters::next_hop_failures},
    CounterRow{{"postern_next_hop_reuses_total",
                "Transactions on a connection that had carried one before."},
               &Counters::next_hop_reuses},
    CounterRow{{"postern_delivery_reports_total", "Reports to senders that were queued."},
               &Counters::delivery_reports},
    CounterRow{{"postern_spool_data_syncs_total", "Times the queue was forced to the disk."},
               &Counters::spool_data_syncs},
    CounterRow{{"postern_spool_failures_total", "Things that the disk of the queue did not do."},
               &Counters::spool_failures},
    CounterRow{{"postern_ring_enters_total", "System calls of the event loops."},
               &Counters::ring_enters},
    CounterRow{{"postern_ring_completions_total", "Operations that the kernel completed."},
               &Counters::completions},
    CounterRow{{"postern_ring_wakeups_total", "Times an event loop woke up."}, &Counters::wakeups},
    CounterRow{{"postern_buffers_exhausted_total",
                "Times there was no receive buffer and clients had to wait."},
               &Counters::buffers_exhausted},
};

struct GaugeRow {
    Metric metric;
    Gauge Counters::* member;
};

constexpr std::array gauge_rows{
    GaugeRow{{"postern_sessions", "Sessions open now."}, &Counters::sessions},
    GaugeRow{{"postern_next_hop_connections", "Connections to next hops open now."},
             &Counters::next_hop_connections},
    GaugeRow{{"postern_next_hop_idle_connections", "Those of them that wait for work."},
             &Counters::next_hop_idle},
    GaugeRow{{"postern_queue_waiting_messages", "Messages to outside that wait in the queue."},
             &Counters::queue_waiting},
    GaugeRow{{"postern_queue_in_hand_messages", "Messages to outside that are being delivered."},
             &Counters::queue_in_hand},
};

struct NamedRow {
    Metric metric;
    std::string_view label;
    NamedCounters Counters::* member;
};

constexpr std::array named_rows{
    NamedRow{{"postern_sessions_ended_total", "Sessions by TLS version at their end."},
             "tls_version",
             &Counters::sessions_by_tls},
    NamedRow{{"postern_tls_handshake_failures_total", "TLS handshakes with clients that failed."},
             "cause",
             &Counters::handshakes_failed},
    NamedRow{{"postern_refusals_total", "Replies 4xx and 5xx to clients."},
             "code",
             &Counters::refusals_by_code},
    NamedRow{{"postern_deliveries_total",
              "Attempts to deliver to one recipient, by what became of them."},
             "verdict",
             &Counters::deliveries},
    NamedRow{{"postern_delivery_causes_total", "Why attempts did not deliver."},
             "cause",
             &Counters::delivery_causes},
    NamedRow{{"postern_setting_refusals_total",
              "Messages refused or deferred because of a setting of the policy."},
             "setting",
             &Counters::refusals_by_setting},
};

void append_named(std::string& out, Cores cores, const NamedRow& row) {
    // Cores know the same names in different orders.
    std::map<std::string_view, std::uint64_t, std::less<>> sums;
    for (const Counters* const core : cores) {
        const NamedCounters& counters = core->*row.member;
        const std::size_t size = counters.size();
        for (std::size_t index = 0; index < size; ++index) {
            sums[counters.name(index)] += counters.value(index);
        }
        if (counters.rest() > 0) sums[NamedCounters::name_of_the_rest] += counters.rest();
    }
    append_header(out, row.metric, Kind::counter);
    for (const auto& [name, sum] : sums) {
        append_sample(out, row.metric.name, {.name = row.label, .value = name}, sum);
    }
}

void append_verdicts(std::string& out, Cores cores) {
    constexpr Metric metric{"postern_messages_total", "Messages by what became of them."};
    append_header(out, metric, Kind::counter);
    for (const Verdict verdict :
         {Verdict::accepted, Verdict::refused, Verdict::deferred, Verdict::reported}) {
        std::uint64_t sum = 0;
        for (const Counters* const core : cores)
            sum += core->messages.value(verdict);
        const Label label{.name = "verdict", .value = text(verdict)};
        append_sample(out, metric.name, label, sum);
    }
}

/// A time in seconds with as many digits behind the point as it needs.
std::string seconds_text(std::chrono::microseconds time) {
    constexpr std::uint64_t million = 1'000'000;
    const auto count = static_cast<std::uint64_t>(time.count());
    std::string text = std::to_string(count / million);
    if (count % million == 0) return text;
    const std::string digits = std::to_string(million + count % million);
    text += '.';
    text += std::string_view(digits).substr(1);
    text.erase(text.find_last_not_of('0') + 1);
    return text;
}

void append_histogram(std::string& out, Cores cores) {
    constexpr Metric metric{"postern_message_duration_seconds",
                            "From the end of a message's data to our reply."};
    append_header(out, metric, Kind::histogram);
    const std::string name(metric.name);
    std::uint64_t below = 0; // buckets of this format include those before
    for (std::size_t bucket = 0; bucket < Histogram::buckets; ++bucket) {
        for (const Counters* const core : cores)
            below += core->message_seconds.count(bucket);
        const bool last = bucket == Histogram::ends.size();
        const std::string end = last ? "+Inf" : seconds_text(Histogram::ends.at(bucket));
        append_sample(out, name + "_bucket", {.name = "le", .value = end}, below);
    }
    std::chrono::microseconds sum{0};
    for (const Counters* const core : cores)
        sum += core->message_seconds.sum();
    append_sample(out, name + "_sum", {}, std::string_view(seconds_text(sum)));
    append_sample(out, name + "_count", {}, below);
}

void append_oldest(std::string& out, Cores cores, std::chrono::sys_seconds now) {
    constexpr Metric metric{"postern_queue_oldest_message_age_seconds",
                            "Since the oldest message in the queue came; 0 when there is none."};
    const std::int64_t time = now.time_since_epoch().count();
    std::int64_t age = 0;
    for (const Counters* const core : cores) {
        const std::int64_t arrival = core->queue_oldest_arrival.value();
        if (arrival != 0) age = std::max(age, time - arrival);
    }
    append_header(out, metric, Kind::gauge);
    append_sample(out, metric.name, {}, std::string_view(std::to_string(age)));
}

void append_silence(std::string& out, std::span<const std::chrono::seconds> silence) {
    constexpr Metric metric{"postern_core_silent_seconds",
                            "How long an event loop has not answered; 0 when it turns."};
    append_header(out, metric, Kind::gauge);
    for (std::size_t core = 0; core < silence.size(); ++core) {
        const std::string number = std::to_string(core);
        const Label label{.name = "core", .value = number};
        const std::string lasted = std::to_string(silence[core].count());
        append_sample(out, metric.name, label, std::string_view(lasted));
    }
}

void append_one(std::string& out, Metric metric, Kind kind, std::uint64_t value) {
    append_header(out, metric, kind);
    append_sample(out, metric.name, {}, value);
}

std::string timestamp(std::chrono::sys_seconds time) {
    return std::to_string(time.time_since_epoch().count());
}

void append_process(std::string& out, const Process& process) {
    append_header(out, {"postern_info", "Always 1; the version is in the label."}, Kind::gauge);
    append_sample(out, "postern_info", {.name = "version", .value = process.version}, 1);
    append_one(out, {"postern_cores", "Event loops."}, Kind::gauge, process.cores);
    append_header(out, {"postern_start_time_seconds", "When this process began."}, Kind::gauge);
    append_sample(
        out, "postern_start_time_seconds", {}, std::string_view(timestamp(process.started_at)));
    append_one(out,
               {"postern_policy_generation", "Goes up with every policy that was taken over."},
               Kind::gauge,
               process.policy_generation);
    append_header(out, {"postern_reloads_total", "Reloads by their result."}, Kind::counter);
    append_sample(
        out, "postern_reloads_total", {.name = "result", .value = "ok"}, process.reloads_done);
    append_sample(out,
                  "postern_reloads_total",
                  {.name = "result", .value = "failed"},
                  process.reloads_failed);
    append_one(out,
               {"postern_log_lines_dropped_total", "Log lines lost because nobody took them."},
               Kind::counter,
               process.log_lines_dropped);
    constexpr Metric expiry{"postern_certificate_expiry_timestamp_seconds",
                            "When our own certificates end."};
    append_header(out, expiry, Kind::gauge);
    for (const Process::Certificate& certificate : process.certificates) {
        const Label label{.name = "certificate", .value = certificate.name};
        append_sample(out, expiry.name, label, std::string_view(timestamp(certificate.not_after)));
    }
}

} // namespace

void render(std::span<const Counters* const> cores, const Process& process, std::string& out) {
    append_process(out, process);
    for (const CounterRow& row : counter_rows) {
        append_one(out, row.metric, Kind::counter, sum_of<std::uint64_t>(cores, row.member));
    }
    for (const GaugeRow& row : gauge_rows) {
        append_header(out, row.metric, Kind::gauge);
        const auto sum = sum_of<std::int64_t>(cores, row.member);
        append_sample(out, row.metric.name, {}, std::string_view(std::to_string(sum)));
    }
    append_oldest(out, cores, process.now);
    append_silence(out, process.silence);
    for (const NamedRow& row : named_rows)
        append_named(out, cores, row);
    append_verdicts(out, cores);
    append_histogram(out, cores);
}

} // namespace postern::report
