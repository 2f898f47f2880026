#include "gateway/deliver/recorder.h"

#include "gateway/report/line.h"
#include "gateway/report/trail.h"

#include <array>
#include <string>
#include <vector>

namespace postern::deliver {
namespace {

report::Time now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

report::Verdict verdict_of(Disposition disposition) {
    switch (disposition) {
    case Disposition::delivered: return report::Verdict::accepted;
    case Disposition::failed: return report::Verdict::refused;
    case Disposition::deferred: return report::Verdict::deferred;
    }
    return report::Verdict::deferred;
}

std::vector<std::string_view> names_of(const std::vector<policy::Match>& matches) {
    std::vector<std::string_view> names;
    names.reserve(matches.size());
    for (const policy::Match& match : matches) {
        names.emplace_back(match.setting->name);
    }
    return names;
}

std::string_view organization_of(const policy::Snapshot& policy, const smtp::Path& sender) {
    if (sender.is_null()) return {};
    const auto address = policy::Address::of_mailbox(sender.local_value(), sender.domain());
    const policy::Organization* const organization = policy.organization_of(address);
    return organization != nullptr ? std::string_view{organization->name} : std::string_view{};
}

constexpr Protection in_clear{};

// Why there is no TLS, or none that is good enough.
std::string tls_cause(const Outcome& outcome) {
    if (!is_tls(outcome.cause)) return {};
    std::string cause{text(outcome.cause)};
    if (!outcome.detail.empty()) cause += ": " + outcome.detail;
    return cause;
}

} // namespace

void Recorder::attempt(const Delivered& delivered) {
    const Outcome& outcome = delivered.outcome;
    count(delivered);
    const Protection& tls = outcome.tls ? *outcome.tls : in_clear;
    const bool in_tls = outcome.tls.has_value();
    const std::array from{std::string{delivered.message.mail.sender.address()}};
    const std::array to{
        std::string{delivered.message.recipients.at(delivered.recipient).envelope.path.address()}};
    const std::vector<std::string_view> settings = names_of(delivered.course.demanded.matches);
    const std::vector<std::string_view> reported = names_of(delivered.course.reported.matches);
    const std::string id = spool::text(delivered.message.id);
    const std::string cause = tls_cause(outcome);
    const std::string reply = outcome.diagnostic();
    std::string text;
    report::append(
        text,
        now(),
        {.event = "delivery",
         .message = id,
         .direction = "outbound",
         .from = from,
         .to = to,
         .organization = organization_of(delivered.policy, delivered.message.mail.sender),
         .settings = settings,
         .reported = reported,
         .demand = policy::text(delivered.course.demanded.required.demand),
         .achieved = policy::text(tls.achieved.level),
         .tls_version = in_tls ? policy::text(tls.achieved.version) : "",
         .tls_cipher = in_tls ? tls.cipher : "",
         .tls_cause = cause,
         .verdict = verdict_of(outcome.disposition),
         .reply = reply,
         .route = delivered.course.route != nullptr ? std::string_view{delivered.course.route->name}
                                                    : std::string_view{},
         .host = outcome.address,
         .duration = delivered.took,
         .bytes = delivered.message.content_bytes});
    journal_.append(report::Level::info, text);
}

void Recorder::count(const Delivered& delivered) {
    const Outcome& outcome = delivered.outcome;
    if (outcome.asked_from && outcome.disposition == Disposition::deferred) return; // no attempt
    counters_.deliveries.add(report::text(verdict_of(outcome.disposition)));
    if (outcome.disposition == Disposition::delivered) {
        const policy::Achieved achieved = (outcome.tls ? *outcome.tls : in_clear).achieved;
        if (!delivered.course.reported.met_by(achieved)) {
            counters_.deliveries.add(report::text(report::Verdict::reported));
        }
        return;
    }
    counters_.delivery_causes.add(text(outcome.cause));
    if (!is_tls(outcome.cause)) return;
    for (const policy::Match& match : delivered.course.demanded.matches) {
        counters_.refusals_by_setting.add(match.setting->name);
    }
}

void Recorder::report(const spool::Message& message, spool::MessageId id) {
    counters_.delivery_reports.add();
    std::string text;
    report::Line line{text, now(), report::Level::info, "report"};
    line.text(report::Key::message, spool::text(message.id))
        .text(report::Key::direction, "outbound")
        .text(report::Key::text, spool::text(id));
    line.end();
    journal_.append(report::Level::info, text);
}

void Recorder::report_dropped(const spool::Message& message, std::string_view why) {
    std::string text;
    report::Line line{text, now(), report::Level::warning, "report_dropped"};
    line.text(report::Key::message, spool::text(message.id))
        .text(report::Key::direction, "outbound")
        .text(report::Key::cause, why);
    line.end();
    journal_.append(report::Level::warning, text);
}

void Recorder::spool_failed(spool::MessageId id, std::string_view what, spool::Error error) {
    counters_.spool_failures.add();
    std::string text;
    report::Line line{text, now(), report::Level::error, "spool_failed"};
    line.text(report::Key::message, spool::text(id))
        .text(report::Key::text, what)
        .text(report::Key::cause, spool::text(error));
    line.end();
    journal_.append(report::Level::error, text);
}

void Recorder::queue(std::size_t waiting, std::size_t in_hand) {
    counters_.queue_waiting.set(static_cast<std::int64_t>(waiting));
    counters_.queue_in_hand.set(static_cast<std::int64_t>(in_hand));
}

} // namespace postern::deliver
