#include "perf/load_result.h"

#include <algorithm>
#include <numeric>

#include "perf/load_settings.h"
#include "perf/text.h"

namespace postern::perf {
namespace {

struct Rates {
    double messages = 0;
    double handshakes = 0;
    double megabytes = 0; // 10^6 bytes of content
};

Rates rates_of(const LoadResult& result) {
    if (result.seconds <= 0) return {};
    return {.messages = static_cast<double>(result.messages) / result.seconds,
            .handshakes = static_cast<double>(result.handshakes) / result.seconds,
            .megabytes = static_cast<double>(result.bytes) / 1e6 / result.seconds};
}

std::string codes_as_json(const LoadResult& result) {
    JsonObject codes;
    for (std::size_t code = 0; code < result.codes.size(); ++code) {
        if (result.codes[code] > 0) codes.number(std::to_string(code), result.codes[code]);
    }
    return codes.text();
}

std::string failures_as_json(const LoadResult& result) {
    JsonObject failures;
    for (std::size_t which = 0; which < load_failures; ++which) {
        if (result.failures[which] == 0) continue;
        failures.number(text(static_cast<LoadFailure>(which)), result.failures[which]);
    }
    return failures.text();
}

std::string latency_as_json(const Histogram& latency) {
    return JsonObject{}
        .number("mean", latency.mean(), 1)
        .number("p50", latency.percentile(50))
        .number("p90", latency.percentile(90))
        .number("p99", latency.percentile(99))
        .number("p99.9", latency.percentile(99.9))
        .number("max", latency.max())
        .text();
}

// "" in clear, what all handshakes came to, or several with commas between.
std::string tls_as_text(const LoadResult& result) {
    std::string text;
    for (const std::string& kind : result.tls) {
        (text += text.empty() ? "" : ", ") += kind;
    }
    return text;
}

std::string row(std::string_view name, std::string_view value) {
    std::string line{name};
    line.resize(std::max<std::size_t>(line.size() + 1, 20), ' ');
    return ((line += value) += '\n');
}

std::string milliseconds(std::uint64_t microseconds) {
    return decimal(static_cast<double>(microseconds) / 1000, 3);
}

} // namespace

std::string_view text(LoadFailure failure) {
    switch (failure) {
    case LoadFailure::connect: return "connect";
    case LoadFailure::hello: return "hello";
    case LoadFailure::tls: return "tls";
    case LoadFailure::broken: return "broken";
    case LoadFailure::timed_out: return "timed_out";
    case LoadFailure::never_sent: return "never_sent";
    }
    return "unknown";
}

std::uint64_t LoadResult::failed() const {
    return std::accumulate(failures.begin(), failures.end(), std::uint64_t{0});
}

void LoadResult::add(const LoadResult& core) {
    messages += core.messages;
    bytes += core.bytes;
    connections += core.connections;
    handshakes += core.handshakes;
    resumed += core.resumed;
    tls.insert(core.tls.begin(), core.tls.end());
    for (std::size_t code = 0; code < codes.size(); ++code) {
        codes[code] += core.codes[code];
    }
    latency.add(core.latency);
    seconds = std::max(seconds, core.seconds);
    unexpected += core.unexpected;
    bodies_hash += core.bodies_hash;
    for (std::size_t which = 0; which < load_failures; ++which) {
        failures[which] += core.failures[which];
    }
    idle_held += core.idle_held;
}

bool good(const LoadResult& result, const LoadSettings& settings) {
    if (result.failed() > 0 || result.unexpected > 0) return false;
    return settings.idle > 0 ? result.idle_held == settings.idle : result.messages > 0;
}

std::string as_table(const LoadResult& result, const LoadSettings& settings) {
    if (settings.idle > 0) return row("idle connections", std::to_string(result.idle_held));
    const Rates rates = rates_of(result);
    const Histogram& latency = result.latency;
    std::string table = row(
        "messages", std::to_string(result.messages) + " in " + decimal(result.seconds, 3) + " s");
    table += row("messages/s", decimal(rates.messages, 1));
    table += row("MB/s", decimal(rates.megabytes, 2));
    table += row("handshakes/s",
                 decimal(rates.handshakes, 1) + " (" + std::to_string(result.resumed) + " of " +
                     std::to_string(result.handshakes) + " resumed)");
    table += row("connections", std::to_string(result.connections));
    table += row("latency p50", milliseconds(latency.percentile(50)) + " ms");
    table += row("latency p90", milliseconds(latency.percentile(90)) + " ms");
    table += row("latency p99", milliseconds(latency.percentile(99)) + " ms");
    table += row("latency p99.9", milliseconds(latency.percentile(99.9)) + " ms");
    table += row("latency max", milliseconds(latency.max()) + " ms");
    table += row("replies", codes_as_json(result));
    table += row("bodies", hexadecimal(result.bodies_hash));
    if (result.unexpected > 0) table += row("wrong replies", std::to_string(result.unexpected));
    if (result.failed() > 0) table += row("failures", failures_as_json(result));
    return table;
}

std::string as_json(const LoadResult& result, const LoadSettings& settings) {
    const Rates rates = rates_of(result);
    JsonObject json;
    if (settings.idle > 0) {
        json.number("idle", settings.idle).number("idle_held", result.idle_held);
    } else {
        json.number("messages", result.messages)
            .number("seconds", result.seconds, 3)
            .number("messages_per_second", rates.messages, 1)
            .number("handshakes_per_second", rates.handshakes, 1)
            .number("megabytes_per_second", rates.megabytes, 2)
            .number("connections", result.connections)
            .number("handshakes", result.handshakes)
            .number("resumed", result.resumed)
            .word("tls", tls_as_text(result))
            .word("bodies_hash", hexadecimal(result.bodies_hash))
            .raw("replies", codes_as_json(result))
            .raw("latency_us", latency_as_json(result.latency));
    }
    json.number("unexpected", result.unexpected).raw("failures", failures_as_json(result));
    return json.raw("ok", good(result, settings) ? "true" : "false").text() + "\n";
}

} // namespace postern::perf
