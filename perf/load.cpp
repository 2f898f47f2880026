// postern-load: sends mail to a server and says how that went.
//
// Closed loop (no --rate): every connection begins a message when the one before is done. Open loop
// (--rate): messages are due at fixed times, and their latency counts from then. The first message
// of a connection bears the cost of connecting, greeting and TLS. Ends with 0 only if every message
// got the expected reply.

#include "ssl/library.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "perf/core.h"
#include "perf/load_core.h"
#include "perf/load_settings.h"
#include "perf/options.h"
#include "perf/text.h"

namespace postern::perf {
namespace {

constexpr io::Duration look_after{20};
constexpr io::Duration progress_after{1000};

double seconds_of(io::Clock::duration time) { return std::chrono::duration<double>(time).count(); }

class Load {
public:
    Load(const Options& options, const LoadSettings& settings)
        : options_(options), settings_(settings) {}

    int run() {
        const StopSignals signals;
        raise_descriptor_limit();
        const auto begin = io::Clock::now();
        progress_at_ = begin;
        for (unsigned number = 0; number < settings_.threads; ++number) {
            start(number, begin);
        }
        bool told_ready = settings_.idle == 0;
        while (running_.load(std::memory_order_acquire) > 0) {
            if (signals.wait(look_after)) {
                for (const auto& core : cores_) {
                    core->stop();
                }
            }
            if (!told_ready) told_ready = tell_ready();
            if (shows_progress_) show_progress(begin);
        }
        if (progress_shown_ > 0 && is_terminal_) std::fputs("\n", stderr);
        threads_.clear(); // joins
        return finish();
    }

private:
    void start(unsigned number, io::Clock::time_point begin) {
        cores_.push_back(std::make_unique<LoadCore>(settings_, number, begin));
        running_.fetch_add(1, std::memory_order_acq_rel);
        const bool pinned = options_.given("--cpu");
        const auto cpu = static_cast<unsigned>(options_.number("--cpu", 0)) + number;
        threads_.emplace_back([this, core = cores_.back().get(), pinned, cpu] {
            if (pinned && !pin_to_cpu(cpu)) std::fputs("postern-load: cannot pin\n", stderr);
            const ssl::ThreadMemory of_this_thread;
            if (const auto problem = core->run()) {
                std::fputs(("postern-load: " + *problem + "\n").c_str(), stderr);
                std::_Exit(1);
            }
            running_.fetch_sub(1, std::memory_order_acq_rel);
        });
    }

    // One line that a terminal overwrites; elsewhere a line each.
    void show_progress(io::Clock::time_point begin) {
        const auto now = io::Clock::now();
        if (now - begin < progress_after * (progress_shown_ + 1)) return;
        ++progress_shown_;
        std::uint64_t replied = 0;
        std::uint64_t failed = 0;
        for (const auto& core : cores_) {
            replied += core->replied();
            failed += core->failed();
        }
        const double passed = seconds_of(now - std::exchange(progress_at_, now));
        const double rate = static_cast<double>(replied - std::exchange(replied_then_, replied));
        std::fputs((std::string{is_terminal_ ? "\r" : ""} + decimal(seconds_of(now - begin), 0) +
                    " s: " + std::to_string(replied) + " messages, " + decimal(rate / passed, 0) +
                    "/s, " + std::to_string(failed) + " failed" + (is_terminal_ ? "  " : "\n"))
                       .c_str(),
                   stderr);
    }

    bool tell_ready() {
        std::uint64_t open = 0;
        for (const auto& core : cores_) {
            if (!core->idle_ready()) return false;
            open += core->idle_open();
        }
        std::printf("idle %llu ready\n", static_cast<unsigned long long>(open));
        std::fflush(stdout);
        return true;
    }

    int finish() {
        LoadResult result;
        for (const auto& core : cores_) {
            result.add(core->result());
        }
        const std::string text =
            options_.given("--json") ? as_json(result, settings_) : as_table(result, settings_);
        std::fputs(text.c_str(), stdout);
        return good(result, settings_) ? 0 : 1;
    }

    const Options& options_;
    const LoadSettings& settings_;
    const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
    const bool shows_progress_ =
        settings_.idle == 0 && (is_terminal_ || options_.given("--progress"));
    int progress_shown_ = 0;
    io::Clock::time_point progress_at_;
    std::uint64_t replied_then_ = 0;
    std::vector<std::unique_ptr<LoadCore>> cores_;
    std::vector<std::jthread> threads_;
    std::atomic<unsigned> running_ = 0;
};

int usage_error(const std::string& problem) {
    std::fputs(("postern-load: " + problem + "\n").c_str(), stderr);
    return 2;
}

} // namespace
} // namespace postern::perf

int main(int count, char** arguments) {
    using namespace postern::perf;
    const std::vector<const char*> words(arguments + 1, arguments + count);
    const auto options = Options::parse(load_options(), words);
    if (!options) return usage_error(options.error());
    if (options->given("--help")) {
        std::fputs(help_text("postern-load --to ADDRESS:PORT ...", load_options()).c_str(), stdout);
        return 0;
    }
    const auto settings = load_settings(*options);
    if (!settings) return usage_error(settings.error());
    const auto library = postern::ssl::Library::open();
    if (!library) return usage_error(postern::ssl::text(library.error()));
    return Load{*options, *settings}.run();
}
