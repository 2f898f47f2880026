#include "gateway/gateway.h"
#include "gateway/machine.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

// What `postern status --full` asks of a running gateway.

namespace postern::gateway {
namespace {

constexpr io::Duration patience{1000}; // a core that does not answer by then is stuck

// VmRSS, Threads: a line each in /proc/self/status.
std::string from_process_status(std::string_view key) {
    std::ifstream file{"/proc/self/status"};
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with(key)) continue;
        line.erase(0, line.find_first_not_of(" \t", key.size()));
        return line;
    }
    return {};
}

std::uint64_t open_descriptors() {
    std::error_code failed;
    const std::filesystem::directory_iterator entries{"/proc/self/fd", failed};
    if (failed) return 0;
    return static_cast<std::uint64_t>(std::ranges::distance(entries));
}

// {"time":"...": lines begin with it, and so sort by it.
void keep_latest(std::vector<std::string>& lines) {
    std::ranges::sort(lines);
    if (lines.size() <= Journal::errors_kept) return;
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(Journal::errors_kept));
}

} // namespace

report::Section Gateway::process() {
    report::Section section{"process"};
    section.number("pid", static_cast<std::uint64_t>(::getpid()))
        .number("uid", ::geteuid())
        .text("resident", from_process_status("VmRSS:"))
        .text("threads", from_process_status("Threads:"))
        .number("descriptors_open", open_descriptors());
    append_limits(section);
    std::size_t number = 0;
    for (const std::chrono::seconds silence : feel_pulses()) {
        const std::string name = "core_" + std::to_string(number++);
        if (silence.count() == 0) continue;
        section.text(name, "silent for " + std::to_string(silence.count()) + " s: it is stuck");
    }
    return section;
}

// All samples but those that are 0.
report::Section Gateway::counts() {
    report::Section section{"counters"};
    const std::string text = metrics();
    for (const auto range : std::views::split(text, '\n')) {
        const std::string_view line{range.begin(), range.end()};
        const std::size_t space = line.rfind(' ');
        const bool is_sample = space != std::string_view::npos && !line.starts_with('#');
        if (!is_sample || line.ends_with(" 0") || line.contains("_bucket{")) continue;
        section.text(line.substr(0, space), line.substr(space + 1));
    }
    return section;
}

io::Task<std::vector<std::string>> Gateway::latest_errors() {
    errors_.assign(cores_.size(), std::nullopt);
    for (std::size_t number = 0; number < cores_.size(); ++number) {
        cores_.at(number)->ask_for_errors([this, number](std::vector<std::string> lines) {
            mailbox_.post([this, number, told = std::move(lines)]() mutable {
                if (number < errors_.size()) errors_.at(number) = std::move(told);
                changed_->set();
            });
        });
    }
    const io::Clock::time_point deadline = io::Clock::now() + patience;
    const auto has_told = [](const auto& told) { return told.has_value(); };
    while (!std::ranges::all_of(errors_, has_told)) {
        const auto left = std::chrono::ceil<io::Duration>(deadline - io::Clock::now());
        if (left <= io::Duration{0}) break;
        [[maybe_unused]] const bool changed = co_await changed_->wait(left);
    }
    std::vector<std::string> lines = journal_->errors();
    for (const auto& told : errors_) {
        if (told) lines.insert(lines.end(), told->begin(), told->end());
    }
    keep_latest(lines);
    co_return lines;
}

io::Task<std::string> Gateway::support(Form form) {
    std::vector<std::string> errors = co_await latest_errors();
    report::Section latest{"latest_errors"};
    latest.objects("lines", std::move(errors));
    std::string out;
    for (const report::Section& section : {state(), process(), counts(), latest}) {
        if (form == Form::text) {
            section.append_text(out);
        } else {
            if (!out.empty()) out += ',';
            section.append_member(out);
        }
    }
    co_return out;
}

} // namespace postern::gateway
