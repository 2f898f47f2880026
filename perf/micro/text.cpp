#include "gateway/smtp/body.h"
#include "gateway/smtp/header.h"
#include "gateway/smtp/mailbox.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "perf/micro/benchmarks.h"

namespace postern::perf::micro {
namespace {

std::string header_with(std::string_view from) {
    return "Received: from relay.bank.example (relay.bank.example [192.0.2.25])\r\n"
           "\tby mx1.example.org (Postern) with ESMTPS id 4bYk2Q1xTz\r\n"
           "\tfor <recipient@sink.example>; Wed, 25 Nov 2026 10:00:00 +0000\r\n"
           "Date: Wed, 25 Nov 2026 10:00:00 +0000\r\n"
           "From: " +
           std::string{from} +
           "\r\n"
           "To: Recipient <recipient@sink.example>\r\n"
           "Subject: Your statement of account for October\r\n"
           "Message-ID: <20261125100000.4bYk2Q1xTz@relay.bank.example>\r\n"
           "MIME-Version: 1.0\r\n"
           "Content-Type: text/plain; charset=utf-8\r\n"
           "Content-Transfer-Encoding: 8bit\r\n"
           "\r\n";
}

std::string mailbox(std::size_t number) {
    return "\"Person No. " + std::to_string(number) + "\" <person" + std::to_string(number) +
           "@branch.bank.example>";
}

std::string long_folded() {
    std::string from = mailbox(0);
    for (std::size_t number = 1; number < 200; ++number) {
        from += ",\r\n\t" + mailbox(number);
    }
    return from;
}

std::string many_groups() {
    std::string from;
    for (std::size_t group = 0; group < 100; ++group) {
        from += (group == 0 ? "" : ",\r\n ") + ("Group " + std::to_string(group)) + ": ";
        from += mailbox(5 * group) + ", " + mailbox(5 * group + 1) + ";";
    }
    return from;
}

void from_of(benchmark::State& state, std::string_view from, std::size_t mailboxes) {
    const std::string header = header_with(from);
    for ([[maybe_unused]] auto _ : state) {
        smtp::HeaderSection section;
        const std::size_t taken = section.feed(header);
        const auto found = smtp::mailboxes_of(section.from_fields());
        must(taken == header.size() && !found.broken && found.all.size() == mailboxes,
             "a From: field was not read");
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(header.size()));
}

// Lines of 76 bytes, every twentieth with a stuffed dot.
std::string body_of(std::size_t bytes) {
    std::string body;
    for (std::size_t line = 0; body.size() < bytes; ++line) {
        body += (line % 20 == 0 ? ".." : "a line") + std::string(70, 'x') + "\r\n";
    }
    body.resize(bytes - 2);
    return body + "\r\n" + std::string{smtp::end_of_data};
}

void scan_body(benchmark::State& state) {
    constexpr std::size_t piece = 16384; // as a receive buffer has it
    const std::string body = body_of(static_cast<std::size_t>(state.range(0)));
    for ([[maybe_unused]] auto _ : state) {
        smtp::DataScanner scanner;
        auto last = smtp::DataState::more;
        for (std::size_t at = 0; at < body.size(); at += piece) {
            last = scanner.scan(std::string_view{body}.substr(at, piece)).state;
        }
        must(last == smtp::DataState::end, "the body does not end");
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

} // namespace

void add_text() {
    benchmark::RegisterBenchmark("header_from/short",
                                 [](benchmark::State& state) { from_of(state, mailbox(1), 1); });
    benchmark::RegisterBenchmark("header_from/long_folded", [](benchmark::State& state) {
        from_of(state, long_folded(), 200);
    });
    benchmark::RegisterBenchmark("header_from/many_groups", [](benchmark::State& state) {
        from_of(state, many_groups(), 200);
    });
    benchmark::RegisterBenchmark("body_scan", scan_body)->Arg(1 << 10)->Arg(1 << 16)->Arg(1 << 20);
}

} // namespace postern::perf::micro
