#include "gateway/spool/spool.h"

#include "gateway/io/ring.h"
#include "gateway/io/task.h"
#include "gateway/io/task_group.h"
#include "gateway/smtp/envelope.h"
#include "gateway/spool/recovery.h"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "perf/micro/benchmarks.h"

namespace postern::perf::micro {
namespace {

io::Task<void> store(spool::Spool& spool, std::string_view content) {
    smtp::Mail mail =
        must(smtp::parse_mail("FROM:<sender@bank.example>", smtp::Extensions{}), "no MAIL");
    smtp::Recipient recipient = must(
        smtp::parse_rcpt("TO:<recipient@sink.example>", smtp::Extensions{}, smtp::Utf8::refused),
        "no RCPT");
    spool::Writer writer =
        spool.begin(std::move(mail), {std::move(recipient)}, std::chrono::system_clock::now());
    const auto added = co_await writer.add(content);
    must(added.has_value(), "not added");
    const auto committed = co_await writer.commit();
    must(committed.has_value(), "not on the disk");
}

void finish(io::Ring& ring, const io::TaskGroup& group) {
    while (group.running() > 0) {
        ring.turn();
    }
}

// So many clients at a time, each with a message of 4 KiB. Where temporary files lie (TMPDIR).
void commit(benchmark::State& state) {
    std::string place = std::filesystem::temp_directory_path() / "postern-micro-XXXXXX";
    must(::mkdtemp(place.data()) != nullptr, "no directory");
    const auto ring = must(io::Ring::open({.buffers = 64}), "no ring");
    io::TaskGroup group(*ring);
    {
        auto recovery = must(spool::recover(place + "/spool", 1), "no spool");
        spool::Spool spool(
            *ring, {.directory = place + "/spool"}, std::move(recovery.cores.front()));
        const std::string content(4096, 'x');
        for ([[maybe_unused]] auto _ : state) {
            for (std::int64_t client = 0; client < state.range(0); ++client) {
                group.spawn(store(spool, content));
            }
            finish(*ring, group);
        }
        group.spawn(spool.stop());
        finish(*ring, group);
    }
    std::filesystem::remove_all(place);
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

} // namespace

void add_spool() {
    benchmark::RegisterBenchmark("spool_commit", commit)
        ->UseRealTime()
        ->Arg(1)
        ->Arg(64)
        ->Iterations(200); // 4 KiB each stay on the disk until the end
}

} // namespace postern::perf::micro
