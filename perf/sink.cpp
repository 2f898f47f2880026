// postern-sink: a mail server that accepts everything, faster than whatever is measured in front of
// it, and the next hop of demonstrations and scenarios.
//
// It prints "listening on ADDRESS:PORT" when it is ready, counts messages until SIGTERM or SIGINT,
// and then says what came. With --store every message becomes a file: first X-Transport:
// ("TLS 1.3", "in clear"), X-Envelope-From: and X-Envelope-To: lines (and X-Client: after XCLIENT),
// then the content.

#include "gateway/io/acceptor.h"
#include "gateway/io/endpoint.h"
#include "ssl/library.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "perf/core.h"
#include "perf/options.h"
#include "perf/sink_core.h"
#include "perf/text.h"

namespace postern::perf {
namespace {

constexpr std::array known = std::to_array<Option>({
    {"--listen", "ADDRESS:PORT", "where; port 0: any free one (127.0.0.1:0)"},
    {"--threads", "N", "event loops (1)", true, 1, 64},
    {"--cpu", "N", "pin the first loop to this CPU, the next to the next", true, 0, 4095},
    {"--store", "DIRECTORY", "write every message to a file"},
    {"--tls-cert", "PEM", "offer STARTTLS with this certificate and its chain"},
    {"--tls-key", "PEM", "its private key"},
    {"--delay", "MS", "wait before the reply to a message", true, 0, 600'000},
    {"--xclient", "", "offer XCLIENT"},
    {"--json", "", "the summary as JSON"},
    {"--quiet", "", "no summary"},
    {"--help", "", "this text"},
});

int usage_error(const std::string& problem) {
    std::fputs(("postern-sink: " + problem + "\n").c_str(), stderr);
    return 2;
}

std::string summary(const SinkCounters& sum, double seconds, bool json) {
    const double rate = seconds > 0 ? static_cast<double>(sum.messages) / seconds : 0;
    if (json) {
        return JsonObject{}
                   .number("messages", sum.messages)
                   .number("recipients", sum.recipients)
                   .number("bytes", sum.bytes)
                   .word("bodies_hash", hexadecimal(sum.bodies_hash))
                   .number("connections", sum.connections)
                   .number("handshakes", sum.handshakes)
                   .number("errors", sum.errors)
                   .number("seconds", seconds, 3)
                   .number("messages_per_second", rate, 1)
                   .text() +
               "\n";
    }
    return std::to_string(sum.messages) + " messages, " + std::to_string(sum.bytes) +
           " bytes, bodies " + hexadecimal(sum.bodies_hash) + ", " +
           std::to_string(sum.recipients) + " recipients, " + std::to_string(sum.connections) +
           " connections, " + std::to_string(sum.handshakes) + " handshakes, " +
           std::to_string(sum.errors) + " errors; " + decimal(seconds, 3) + " s, " +
           decimal(rate, 1) + " messages/s\n";
}

void add(SinkCounters& sum, const SinkCounters& core) {
    sum.connections += core.connections;
    sum.handshakes += core.handshakes;
    sum.messages += core.messages;
    sum.recipients += core.recipients;
    sum.bytes += core.bytes;
    sum.bodies_hash += core.bodies_hash;
    sum.errors += core.errors;
}

class Sink {
public:
    explicit Sink(const Options& options) : options_(options) {
        settings_.store = options.text("--store");
        settings_.xclient = options.given("--xclient");
        settings_.delay = io::Duration{static_cast<std::int64_t>(options.number("--delay", 0))};
    }

    int run() {
        auto address = io::Endpoint::parse(options_.text("--listen", "127.0.0.1:0"));
        if (!address) return usage_error("--listen takes an address and a port: 127.0.0.1:2525");
        if (!settings_.store.empty()) {
            std::error_code problem;
            std::filesystem::create_directories(settings_.store, problem);
            if (problem) return usage_error(settings_.store + ": " + problem.message());
        }
        if (const auto problem = load_certificate()) return usage_error(*problem);
        const StopSignals signals;
        raise_descriptor_limit();
        const auto threads = static_cast<unsigned>(options_.number("--threads", 1));
        for (unsigned number = 0; number < threads; ++number) {
            auto listening = io::listen_on(*address, 65535);
            if (!listening) return failed(listening.error());
            address = io::Endpoint::local_of(listening->get());
            start(std::move(*listening), number);
        }
        std::printf("listening on %s\n", address->text().c_str());
        std::fflush(stdout);
        [[maybe_unused]] const bool signalled = signals.wait(std::nullopt);
        return finish();
    }

private:
    std::optional<std::string> load_certificate() {
        if (!options_.given("--tls-cert") && !options_.given("--tls-key")) return std::nullopt;
        const auto chain = read_file(std::string{options_.text("--tls-cert")});
        const auto key = read_file(std::string{options_.text("--tls-key")});
        if (!chain || !key) return "--tls-cert and --tls-key take files that can be read";
        auto certificate = ssl::Certificate::load(*chain, *key);
        if (!certificate) return std::string{ssl::text(certificate.error())};
        auto keys = ssl::TicketKeys::generate();
        if (!keys) return ssl::text(keys.error());
        settings_.tls.emplace().certificates.push_back(std::move(*certificate));
        settings_.ticket_keys = *keys;
        return std::nullopt;
    }

    void start(io::Descriptor listening, unsigned number) {
        cores_.push_back(std::make_unique<SinkCore>(settings_, number));
        const bool pinned = options_.given("--cpu");
        const auto cpu = static_cast<unsigned>(options_.number("--cpu", 0)) + number;
        threads_.emplace_back(
            [core = cores_.back().get(), pinned, cpu, fd = std::move(listening)]() mutable {
                const ssl::ThreadMemory of_this_thread;
                if (pinned && !pin_to_cpu(cpu)) std::fputs("postern-sink: cannot pin\n", stderr);
                if (const auto problem = core->run(std::move(fd))) {
                    std::fputs(("postern-sink: " + *problem + "\n").c_str(), stderr);
                    std::_Exit(1); // nobody may take a sink without a loop for one that listens
                }
            });
    }

    int finish() {
        for (const auto& core : cores_) {
            core->stop();
        }
        threads_.clear(); // joins
        SinkCounters sum;
        double seconds = 0;
        for (const auto& core : cores_) {
            add(sum, core->counters());
            seconds = std::max(seconds, core->busy_seconds());
        }
        if (!options_.given("--quiet")) {
            std::fputs(summary(sum, seconds, options_.given("--json")).c_str(), stdout);
        }
        return 0;
    }

    int failed(const std::string& problem) {
        const int code = usage_error(problem);
        for (const auto& core : cores_) {
            core->stop();
        }
        return code;
    }

    const Options& options_;
    SinkSettings settings_;
    std::vector<std::unique_ptr<SinkCore>> cores_;
    std::vector<std::jthread> threads_;
};

} // namespace
} // namespace postern::perf

int main(int count, char** arguments) {
    using namespace postern::perf;
    const std::vector<const char*> words(arguments + 1, arguments + count);
    const auto options = Options::parse(known, words);
    if (!options) return usage_error(options.error());
    if (options->given("--help")) {
        std::fputs(help_text("postern-sink [--listen ADDRESS:PORT] ...", known).c_str(), stdout);
        return 0;
    }
    const auto library = postern::ssl::Library::open();
    if (!library) return usage_error(postern::ssl::text(library.error()));
    return Sink{*options}.run();
}
