#include "gateway/deliver/courier.h"

#include "gateway/deliver/attempt.h"
#include "gateway/deliver/bounce.h"
#include "gateway/smtp/notification.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace postern::deliver {
namespace {

using Clock = std::chrono::system_clock;

constexpr std::chrono::minutes pause_after_fault{1}; // of the disk

Time now() { return std::chrono::floor<std::chrono::seconds>(Clock::now()); }

// The content of a message in the spool, for one course.
class Stored final : public Content {
public:
    Stored(Office& office, const spool::Message& message) : office_(office), message_(message) {}
    void rewind() override { reader_.emplace(office_.spool.read(message_)); }
    [[nodiscard]] io::Task<std::expected<std::string_view, ContentError>> next() override {
        if (!reader_) rewind();
        const auto piece = co_await reader_->next();
        if (piece) co_return *piece;
        office_.recorder.spool_failed(message_.id, "read", piece.error());
        co_return std::unexpected{ContentError::unreadable};
    }

private:
    Office& office_;
    const spool::Message& message_;
    std::optional<spool::Reader> reader_;
};

Schedule schedule_of(const gateway::DeliverySettings& settings) {
    const auto seconds = [](std::chrono::milliseconds time) {
        return std::chrono::ceil<std::chrono::seconds>(time);
    };
    Schedule schedule;
    schedule.pauses.clear();
    for (const std::chrono::milliseconds pause : settings.retry) {
        schedule.pauses.push_back(seconds(pause));
    }
    schedule.warning = seconds(settings.warning);
    schedule.expiry = seconds(settings.expiry);
    return schedule;
}

// Hosts are left alone no longer than a message waits between two attempts.
BackOffSettings back_off_of(const Schedule& schedule) {
    const auto [shortest, longest] = std::ranges::minmax(schedule.pauses);
    BackOffSettings settings;
    settings.first = std::min(settings.first, shortest);
    settings.most = std::min(settings.most, longest);
    return settings;
}

// Which hosts these are, whoever leads to them, and in whatever order.
std::string name_of(const std::vector<Host>& hosts) {
    std::vector<std::string> endpoints;
    endpoints.reserve(hosts.size());
    for (const Host& host : hosts) {
        endpoints.push_back(host.endpoint.text() + ' ');
    }
    std::ranges::sort(endpoints);
    std::string name;
    for (const std::string& endpoint : endpoints) {
        name += endpoint;
    }
    return name;
}

// No host of them said anything.
bool is_silence(const std::vector<Outcome>& outcomes) {
    return std::ranges::all_of(outcomes, [](const Outcome& outcome) {
        return outcome.cause == Cause::unreachable ||
               (outcome.cause == Cause::lost && outcome.code == 0);
    });
}

std::string text_of(smtp::EnhancedCode status) {
    return std::to_string(status.status) + '.' + std::to_string(status.subject) + '.' +
           std::to_string(status.detail);
}

std::string_view setting_of(const Course& course) {
    const auto& matches = course.demanded.matches;
    return matches.empty() ? std::string_view{} : std::string_view{matches.front().setting->name};
}

} // namespace

Courier::Courier(Office& office, std::uint64_t seed)
    : office_(office)
    , lanes_(1)
    , random_(static_cast<Finder::Random::result_type>(seed))
    , changed_(office.ring)
    , tasks_(office.ring) {}

void Courier::adopt() {
    const gateway::DeliverySettings& settings = office_.settings->delivery;
    schedule_ = schedule_of(settings);
    back_off_.set(back_off_of(schedule_));
    lanes_.set_most(settings.destination_concurrency);
}

void Courier::start() {
    adopt();
    tasks_.spawn(run());
}

io::Task<void> Courier::stop(io::Duration wait) {
    stopping_ = true;
    changed_.set();
    office_.spool.earlier().set();
    const bool ended = co_await tasks_.ended(wait);
    if (ended) co_return;
    cutting_ = true;
    office_.hosts.cut();
    // What may still be waited for is a connection, the resolver or the disk.
    constexpr io::Duration longest = std::chrono::minutes{5};
    [[maybe_unused]] const bool cut = co_await tasks_.ended(longest);
}

// One wait for everything: a message that arrives sets `earlier`, one that is done frees a hand and
// sets it too.
io::Task<void> Courier::run() {
    constexpr io::Duration longest = std::chrono::minutes{1};
    while (!stopping_) {
        while (in_hand_ < office_.settings->delivery.concurrency) {
            const auto id = office_.spool.take_due(now());
            if (!id) break;
            ++in_hand_;
            tasks_.spawn(handle(*id));
        }
        office_.recorder.queue(office_.spool.waiting().size(), office_.spool.in_hand());
        io::Duration wait = longest;
        const auto due = office_.spool.next_due();
        if (due && in_hand_ < office_.settings->delivery.concurrency) {
            const auto left = std::chrono::ceil<io::Duration>(*due - Clock::now());
            wait = std::clamp(left, io::Duration{1}, longest);
        }
        [[maybe_unused]] const bool sooner = co_await office_.spool.earlier().wait(wait);
    }
}

io::Task<void> Courier::handle(spool::MessageId id) {
    auto message = co_await office_.spool.load(id);
    if (message) {
        co_await carry(*message);
    } else {
        office_.recorder.spool_failed(id, "load", message.error());
        if (message.error() == spool::Error::damaged) {
            office_.spool.set_aside(id);
        } else {
            office_.spool.put_back(id, now() + pause_after_fault);
        }
    }
    --in_hand_;
    office_.spool.earlier().set();
}

io::Task<void> Courier::carry(spool::Message& message) {
    const gateway::PolicyReference policy = office_.policy.take();
    const std::string header = co_await header_of(message, policy.snapshot());
    std::vector<Trip> trips;
    for (Course& course : courses_of(policy.snapshot(), message, header, now())) {
        trips.push_back({.course = std::move(course), .outcomes = {}, .turn = {}});
    }
    io::TaskGroup travelling{office_.ring};
    for (Trip& trip : trips) {
        travelling.spawn(travel(message, policy, trip));
    }
    constexpr io::Duration longest = std::chrono::hours{24};
    while (travelling.running() > 0) {
        [[maybe_unused]] const bool ended = co_await travelling.ended(longest);
    }
    Tally tally;
    for (const Trip& trip : trips) {
        note(message, trip, tally);
    }
    const bool confidential = is_confidential(policy.snapshot(), message, header);
    co_await write_down(message, std::move(tally), confidential);
}

io::Task<std::string> Courier::header_of(const spool::Message& message,
                                         const policy::Snapshot& policy) {
    std::string header;
    if (!needs_header(policy)) co_return header;
    const std::size_t bytes_max = office_.settings->limits.header_section;
    spool::Reader reader = office_.spool.read(message);
    while (header.size() < bytes_max && !header.contains("\r\n\r\n")) {
        const auto piece = co_await reader.next();
        if (!piece || piece->empty()) break;
        header += *piece;
    }
    const std::size_t end = header.find("\r\n\r\n");
    if (end != std::string::npos) header.resize(end + 2);
    co_return header;
}

io::Task<void>
Courier::travel(const spool::Message& message, const gateway::PolicyReference& policy, Trip& trip) {
    const std::string place = trip.course.place();
    const Clock::time_point began = Clock::now();
    trip.turn = lanes_.enter(place, began);
    if (trip.turn) co_return;
    trip.outcomes = co_await attempt(message, policy, trip);
    const Clock::time_point ended = Clock::now();
    lanes_.leave(place, ended - began, ended);
    for (std::size_t at = 0; at < trip.outcomes.size(); ++at) {
        office_.recorder.attempt(
            {.policy = policy.snapshot(),
             .message = message,
             .course = trip.course,
             .recipient = trip.course.recipients[at],
             .outcome = trip.outcomes[at],
             .took = std::chrono::duration_cast<std::chrono::milliseconds>(ended - began)});
    }
}

io::Task<std::vector<Outcome>> Courier::attempt(const spool::Message& message,
                                                const gateway::PolicyReference& policy,
                                                Trip& trip) {
    const Course& course = trip.course;
    const std::size_t count = course.recipients.size();
    Finder finder{policy.configuration(), office_.resolver, random_};
    auto destination = co_await finder.find(course);
    if (!destination) co_return std::vector<Outcome>(count, destination.error());
    const std::string hosts = name_of(destination->way.hosts);
    const auto usable_at = back_off_.wait_until(hosts, now());
    if (usable_at) {
        co_return std::vector<Outcome>(
            count, outcome_of(Cause::unreachable, "its hosts did not answer a short while ago"));
    }
    std::vector<smtp::Recipient> recipients;
    for (const std::uint32_t number : course.recipients) {
        recipients.push_back(message.recipients[number].envelope);
    }
    Stored content{office_, message};
    Attempt attempt{office_.hosts, std::move(*destination)};
    const Message said{.mail = message.mail, .recipients = recipients, .content = content};
    auto outcomes = co_await attempt.deliver(said, Clock::now());
    co_await attempt.end();
    if (is_silence(outcomes)) {
        back_off_.failed(hosts, now(), random_());
    } else {
        back_off_.succeeded(hosts);
    }
    co_return outcomes;
}

void Courier::note(spool::Message& message, const Trip& trip, Tally& tally) {
    for (std::size_t at = 0; at < trip.course.recipients.size(); ++at) {
        const std::uint32_t number = trip.course.recipients[at];
        if (trip.outcomes.empty()) {
            message.recipients[number].next = trip.turn.value_or(now());
        } else {
            settle(message, number, trip.outcomes[at], trip.course, tally);
        }
    }
}

void Courier::settle(spool::Message& message,
                     std::uint32_t number,
                     Outcome outcome,
                     const Course& course,
                     Tally& tally) {
    spool::Recipient& recipient = message.recipients[number];
    // What was cut off by ourselves says nothing about the host.
    if (cutting_ && outcome.disposition != Disposition::delivered) return;
    tally.changed.push_back(number);
    ++recipient.attempts;
    recipient.last = now();
    recipient.remote = outcome.host;
    recipient.diagnostic = outcome.diagnostic();
    Plan plan;
    if (outcome.disposition == Disposition::deferred) {
        plan = plan_after(schedule_,
                          {.arrival = message.arrival,
                           .attempts = recipient.attempts,
                           .warned = recipient.delay_reported},
                          now(),
                          random_());
        if (plan.next == Next::fail) {
            outcome.disposition = Disposition::failed;
            outcome.status = smtp::delivery_time_expired;
        }
    }
    recipient.status = text_of(outcome.status);
    switch (outcome.disposition) {
    case Disposition::delivered:
        recipient.state = spool::State::delivered;
        report(message, recipient, outcome, smtp::Action::relayed, course, tally);
        return;
    case Disposition::failed:
        recipient.state = spool::State::failed;
        report(message, recipient, outcome, smtp::Action::failed, course, tally);
        return;
    case Disposition::deferred: break;
    }
    recipient.next = plan.at;
    if (!plan.warn) return;
    recipient.delay_reported = true;
    report(message, recipient, outcome, smtp::Action::delayed, course, tally);
}

void Courier::report(const spool::Message& message,
                     const spool::Recipient& recipient,
                     const Outcome& outcome,
                     smtp::Action action,
                     const Course& course,
                     Tally& tally) {
    const auto next_hop = outcome.speaks_dsn ? smtp::NextHop::with_dsn : smtp::NextHop::without_dsn;
    if (!smtp::report_is_due(message.mail.sender, recipient.envelope.notify, action, next_hop)) {
        if (action == smtp::Action::failed) {
            office_.recorder.report_dropped(
                message, message.mail.sender.is_null() ? "the sender is null" : "NOTIFY=NEVER");
        }
        return;
    }
    auto entry = reported(recipient, outcome, action, setting_of(course));
    if (action == smtp::Action::delayed) {
        entry.retry_until = Clock::to_time_t(expiry_of(schedule_, message.arrival));
    }
    tally.reported.push_back(std::move(entry));
}

// First the report, then what it says: a crash in between sends it twice, and never not at all.
io::Task<void> Courier::write_down(spool::Message& message, Tally tally, bool confidential) {
    while (!tally.reported.empty()) {
        const auto sent = co_await send_report(office_, message, tally.reported, confidential);
        if (sent) break;
        office_.recorder.spool_failed(message.id, "report", sent.error());
        if (sent.error() == spool::Error::too_big) break;
        const bool stopped = co_await pause();
        if (stopped) {
            office_.spool.put_back(message);
            co_return;
        }
    }
    while (!tally.changed.empty()) {
        const bool is_over = spool::settled(message);
        const auto written = is_over ? co_await office_.spool.done(message)
                                     : co_await office_.spool.outcome(message, tally.changed);
        if (written && is_over) co_return;
        if (written) break;
        office_.recorder.spool_failed(message.id, "outcome", written.error());
        const bool stopped = co_await pause();
        if (stopped) break;
    }
    office_.spool.put_back(message);
}

// Until the disk may work again. True: we stop instead.
io::Task<bool> Courier::pause() {
    constexpr io::Duration moment = std::chrono::seconds{5};
    if (!stopping_) [[maybe_unused]]
        const bool changed = co_await changed_.wait(moment);
    co_return stopping_;
}

} // namespace postern::deliver
