#include "gateway/gateway.h"
#include "gateway/report/line.h"
#include "gateway/report/metrics.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

// What the gateway says of itself: to the log, to Prometheus, to `postern status`.

namespace postern::gateway {
namespace {

report::Time now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

} // namespace

void Gateway::log_reload(const Reloaded& reloaded) {
    const bool refused = reloaded.outcome == Reloaded::Outcome::refused;
    ++(refused ? reloads_failed_ : reloads_);
    mistakes_ = refused ? reloaded.mistakes.errors() : 0;
    for (const policy::Mistake& mistake : reloaded.mistakes.all()) {
        const bool error = mistake.severity == policy::Severity::error;
        const report::Level level = error ? report::Level::error : report::Level::warning;
        std::string text;
        report::Line line{text, now(), level, "configuration_mistake"};
        line.text(report::Key::file, mistake.file)
            .number(report::Key::line, mistake.place.line)
            .number(report::Key::column, mistake.place.column)
            .text(report::Key::text, mistake.message);
        line.end();
        journal_->append(level, text);
    }
    const report::Level level = refused ? report::Level::error : report::Level::info;
    std::string text;
    report::Line line{text, now(), level, refused ? "reload_refused" : "reloaded"};
    line.number(report::Key::generation, reloaded.generation)
        .number(report::Key::count, reloaded.mistakes.errors());
    line.end();
    journal_->append(level, text);
    journal_->flush();
}

void Gateway::log_outbound(const Load& load) {
    if (!load.dns_problem.empty()) {
        std::string text;
        report::Line line{text, now(), report::Level::error, "resolver_unusable"};
        line.text(report::Key::text, load.dns_problem);
        line.end();
        journal_->append(report::Level::error, text);
    }
    if (!load.spool) return;
    for (const spool::Damage& damage : load.spool->damages) {
        std::string text;
        report::Line line{text, now(), report::Level::error, "spool_damage"};
        line.text(report::Key::message, damage.id != 0 ? spool::text(damage.id) : std::string{})
            .text(report::Key::cause, spool::text(damage.kind))
            .text(report::Key::file, damage.file)
            .number(report::Key::line, damage.offset)
            .number(report::Key::bytes, damage.bytes)
            .text(report::Key::text, damage.quarantine);
        line.end();
        journal_->append(report::Level::error, text);
    }
    std::string text;
    report::Line line{text, now(), report::Level::info, "spool_opened"};
    line.number(report::Key::messages, load.spool->messages)
        .number(report::Key::bytes, load.spool->bytes);
    line.end();
    journal_->append(report::Level::info, text);
    journal_->flush();
}

std::vector<std::chrono::seconds> Gateway::feel_pulses() {
    const io::Clock::time_point time = io::Clock::now();
    std::vector<std::chrono::seconds> silence(cores_.size());
    pulses_.resize(cores_.size());
    for (std::size_t number = 0; number < cores_.size(); ++number) {
        Pulse& pulse = pulses_.at(number);
        if (!pulse.answered) {
            silence.at(number) = std::chrono::floor<std::chrono::seconds>(time - pulse.asked);
            continue;
        }
        pulse = {.asked = time, .answered = false};
        cores_.at(number)->ask_for_sign_of_life([this, number] {
            mailbox_.post([this, number] {
                pulses_.at(number).answered = true;
                changed_->set();
            });
        });
    }
    return silence;
}

bool Gateway::healthy() {
    constexpr std::chrono::seconds silence_max{30};
    return std::ranges::all_of(feel_pulses(), [silence_max](std::chrono::seconds silence) {
        return silence < silence_max;
    });
}

std::string Gateway::metrics() {
    report::Process process{.version = POSTERN_VERSION,
                            .cores = static_cast<unsigned>(cores_.size()),
                            .policy_generation = current_->policy->generation(),
                            .reloads_done = reloads_,
                            .reloads_failed = reloads_failed_,
                            .log_lines_dropped = writer_->lines_dropped(),
                            .started_at = std::chrono::floor<std::chrono::seconds>(started_at_),
                            .now = std::chrono::floor<std::chrono::seconds>(now()),
                            .silence = feel_pulses(),
                            .certificates = {}};
    for (std::size_t at = 0; at < current_->certificates.size(); ++at) {
        process.certificates.push_back(
            {.name = current_->settings.certificates.at(at).chain,
             .not_after = current_->certificates.at(at).facts().not_after});
    }
    std::vector<const report::Counters*> counters;
    counters.reserve(cores_.size());
    for (const std::unique_ptr<Core>& core : cores_) {
        counters.push_back(&core->counters());
    }
    std::string text;
    report::render(counters, process, text);
    return text;
}

report::Section Gateway::state() const {
    const policy::Counts counts = current_->policy->counts();
    std::string started;
    report::append_time(started, std::chrono::floor<std::chrono::milliseconds>(started_at_));
    std::vector<std::string> listeners;
    for (const ListenerSettings& listener : current_->settings.listeners) {
        listeners.push_back(listener.address);
    }
    report::Section section{"gateway"};
    section.text("version", POSTERN_VERSION)
        .text("started", started)
        .number("cores", cores_.size())
        .number("sessions", receive::sessions_of_all(censuses_))
        .number("policy_generation", current_->policy->generation())
        .number("organizations", counts.organizations)
        .number("address_lists", counts.lists)
        .number("list_entries", counts.entries)
        .number("settings", counts.settings)
        .number("routes", counts.routes)
        .number("reloads", reloads_)
        .number("reloads_failed", reloads_failed_)
        .number("log_lines_dropped", writer_->lines_dropped())
        .texts("listeners", std::move(listeners));
    return section;
}

std::string Gateway::status() const {
    std::string text;
    state().append_object(text);
    return text;
}

} // namespace postern::gateway
