#include "gateway/deliver/courier.h"

#include "gateway/deliver/attempt.h"
#include "gateway/deliver/bounce.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace postern::deliver {
namespace {

using Clock = std::chrono::system_clock;

constexpr std::chrono::minutes pause_after_fault{1}; // of the disk
// Courses of one message that are on their way at the same time.
constexpr std::size_t courses_together_max = 20;

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

// Hosts are left alone no longer than a message waits between two attempts, nor does a message wait
// longer for another's attempt at them.
BackOffSettings back_off_of(const Schedule& schedule) {
    const auto [shortest, longest] = std::ranges::minmax(schedule.pauses);
    BackOffSettings settings;
    settings.first = std::min(settings.first, shortest);
    settings.most = std::min(settings.most, longest);
    settings.probe = std::min(settings.probe, shortest);
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

} // namespace

Courier::Courier(Office& office, std::uint64_t seed)
    : office_(office)
    , lanes_(1)
    , kept_(office.hosts)
    , random_(static_cast<Finder::Random::result_type>(seed))
    , changed_(office.ring)
    , tasks_(office.ring) {}

void Courier::adopt() {
    const gateway::DeliverySettings& settings = office_.settings->delivery;
    schedule_ = schedule_of(settings);
    back_off_.set(back_off_of(schedule_));
    lanes_.set_most(settings.destination_concurrency);
    kept_.drop();
    changed_.set();
    office_.spool.earlier().set();
}

void Courier::start() {
    adopt();
    tasks_.spawn(run());
}

io::Task<void> Courier::stop(io::Duration wait) {
    stopping_ = true;
    office_.spool.earlier().set();
    const bool ended = co_await tasks_.ended(wait);
    if (ended) co_return co_await kept_.end();
    cutting_ = true;
    changed_.set();
    office_.hosts.cut();
    if (office_.resolver != nullptr) co_await office_.resolver->stop();
    // What may still be waited for is a connection or the disk.
    constexpr io::Duration longest = std::chrono::minutes{5};
    [[maybe_unused]] const bool cut = co_await tasks_.ended(longest);
    co_await kept_.end();
}

// One wait for everything: a message that arrives sets `earlier`, one that is done frees a hand and
// sets it too. Of what is due the oldest and the newest come by turns, so that what arrives now
// does not wait for all that has waited longer.
io::Task<void> Courier::run() {
    constexpr io::Duration longest = std::chrono::minutes{1};
    constexpr io::Duration moment{20};
    while (!stopping_) {
        look_at_clock();
        while (in_hand_ < office_.settings->delivery.concurrency) {
            const auto id = office_.spool.take_due(now(), next_);
            if (!id) break;
            using Pick = spool::Index::Pick;
            next_ = next_ == Pick::oldest ? Pick::newest : Pick::oldest;
            ++in_hand_;
            tasks_.spawn(handle(*id));
        }
        office_.recorder.queue(office_.spool.waiting(), office_.spool.in_hand());
        io::Duration wait = longest;
        const auto due = office_.spool.next_due();
        if (due && in_hand_ < office_.settings->delivery.concurrency) {
            const auto left = std::chrono::ceil<io::Duration>(*due - office_.now());
            wait = std::clamp(left, io::Duration{1}, longest);
        }
        if (recalling_) wait = std::min(wait, moment);
        [[maybe_unused]] const bool sooner = co_await office_.spool.earlier().wait(wait);
    }
}

// A clock that was set back, or a queue that was written while it was ahead: nobody waits for times
// of the other clock. One that is set ahead makes due what waits, and needs nothing.
void Courier::look_at_clock() {
    const Time time = now();
    if (time < latest_) {
        back_off_.forget();
        lanes_.forget_turns();
        recalling_ = true;
    }
    latest_ = time;
    if (recalling_) recalling_ = office_.spool.recall(time + longest_pause(schedule_), time);
}

void Courier::recall(spool::Message& message) const {
    const Time time = now();
    spool::recall(message, time + longest_pause(schedule_), time);
}

io::Task<void> Courier::handle(spool::MessageId id) {
    auto message = co_await office_.spool.load(id);
    if (message) {
        co_await carry(std::move(*message));
    } else {
        unreadable(id, "load", message.error());
    }
    --in_hand_;
    office_.spool.earlier().set();
}

// It stays on the disk: for another time, or for whoever repairs it.
void Courier::unreadable(spool::MessageId id, std::string_view what, spool::Error error) {
    office_.recorder.spool_failed(id, what, error);
    if (error == spool::Error::damaged) {
        office_.spool.set_aside(id);
    } else {
        office_.spool.put_back(id, now() + pause_after_fault);
    }
}

io::Task<void> Courier::carry(spool::Message message) {
    recall(message);
    Journey journey{std::move(message), office_.policy.take(), schedule_};
    const policy::Snapshot& policy = journey.policy.snapshot();
    const auto header = co_await header_of(journey.message, policy);
    if (!header) { // which way it may go is not known, so it goes none
        unreadable(journey.message.id, "read", header.error());
        co_return;
    }
    journey.courses = courses_of(policy, journey.message, *header, now());
    journey.confidential = is_confidential(policy, journey.message, *header);
    io::TaskGroup travelling{office_.ring};
    for (std::size_t at = 0; at < std::min(journey.courses.size(), courses_together_max); ++at) {
        travelling.spawn(travel(journey));
    }
    constexpr io::Duration longest = std::chrono::hours{24};
    while (travelling.running() > 0) {
        [[maybe_unused]] const bool ended = co_await travelling.ended(longest);
    }
    co_await write_down(journey);
}

// As long as it was when the message was taken in, when its limit was what it was then.
io::Task<std::expected<std::string, spool::Error>>
Courier::header_of(const spool::Message& message, const policy::Snapshot& policy) {
    constexpr std::string_view end = "\r\n\r\n";
    std::string header;
    if (!needs_header(policy)) co_return header;
    spool::Reader reader = office_.spool.read(message);
    for (;;) {
        const auto piece = co_await reader.next();
        if (!piece) co_return std::unexpected{piece.error()};
        if (piece->empty()) co_return header;
        const std::size_t looked_at = header.size() - std::min(header.size(), end.size() - 1);
        header += *piece;
        const std::size_t found = header.find(end, looked_at);
        if (found == std::string::npos) continue;
        header.resize(found + 2);
        co_return header;
    }
}

// Takes one course after the other, beside others that do the same.
io::Task<void> Courier::travel(Journey& journey) {
    while (journey.begun < journey.courses.size() && !cutting_) {
        const Course& course = journey.courses[journey.begun++];
        co_await take(journey, course);
    }
}

io::Task<void> Courier::take(Journey& journey, const Course& course) {
    const std::string place = course.place();
    const io::Clock::time_point began = office_.ring.now(); // that clock does not jump
    const auto turn = lanes_.enter(place, office_.now());
    if (turn) {
        for (const std::uint32_t number : course.recipients) {
            journey.message.recipients[number].next = *turn;
        }
        lanes_.remember(place, journey.message.id);
        co_return;
    }
    auto outcomes = co_await attempt(journey, course);
    const io::Clock::duration took = office_.ring.now() - began;
    lanes_.leave(place, took, office_.now());
    fetch_next(place);
    settle(journey,
           course,
           std::move(outcomes),
           std::chrono::duration_cast<std::chrono::milliseconds>(took));
}

// There is room at this place: a message that was sent away from it need not wait for its turn.
// While it is not taken, what the disk says of it is what was due.
void Courier::fetch_next(std::string_view place) {
    if (stopping_) return;
    while (const auto id = lanes_.next(place)) {
        if (!office_.spool.take(*id)) continue;
        ++in_hand_;
        tasks_.spawn(handle(*id));
        return;
    }
}

io::Task<std::vector<Outcome>> Courier::attempt(const Journey& journey, const Course& course) {
    const std::size_t count = course.recipients.size();
    Finder finder{office_, journey.policy.configuration(), random_};
    auto destination = co_await finder.find(course);
    if (!destination) co_return std::vector<Outcome>(count, destination.error());
    const std::string hosts = name_of(destination->way.hosts);
    // Not the last time: that is never spared.
    const bool is_last = now() >= expiry_of(schedule_, journey.message.arrival);
    if (const auto usable_at = back_off_.wait_until(hosts, now()); usable_at && !is_last) {
        Outcome spared =
            outcome_of(Cause::unreachable, "its hosts did not answer a short while ago");
        spared.asked_from = usable_at;
        co_return std::vector<Outcome>(count, spared);
    }
    std::vector<smtp::Recipient> recipients;
    recipients.reserve(count);
    for (const std::uint32_t number : course.recipients) {
        recipients.push_back(journey.message.recipients[number].envelope);
    }
    Stored content{office_, journey.message};
    Attempt attempt{office_.hosts, kept_, std::move(*destination)};
    const Message said{.mail = journey.message.mail, .recipients = recipients, .content = content};
    auto outcomes = co_await attempt.deliver(said, office_.now());
    if (is_silence(outcomes)) {
        back_off_.failed(hosts, now(), random_());
    } else {
        back_off_.succeeded(hosts);
    }
    co_return outcomes;
}

void Courier::settle(Journey& journey,
                     const Course& course,
                     std::vector<Outcome> outcomes,
                     std::chrono::milliseconds took) {
    for (std::size_t at = 0; at < outcomes.size(); ++at) {
        // What we cut off ourselves says nothing about the host.
        if (cutting_ && outcomes[at].disposition != Disposition::delivered) continue;
        const std::uint32_t recipient = course.recipients[at];
        const Outcome counted =
            journey.settlement.settle(course, recipient, std::move(outcomes[at]), now(), random_());
        office_.recorder.attempt({.policy = journey.policy.snapshot(),
                                  .message = journey.message,
                                  .course = course,
                                  .recipient = recipient,
                                  .outcome = counted,
                                  .took = took});
    }
}

// First the report, then what it says: a crash in between sends it twice, and never not at all.
io::Task<void> Courier::write_down(Journey& journey) {
    spool::Message& message = journey.message;
    const std::vector<std::uint32_t>& changed = journey.settlement.changed();
    bool may_write = true;
    if (!changed.empty()) {
        const Told told = co_await tell(journey);
        if (told == Told::later && journey.settlement.take_back_report(now() + pause_after_fault)) {
            office_.recorder.report_dropped(message, "there is no room for it");
        }
        may_write = told != Told::stopped;
    }
    while (may_write && !changed.empty()) {
        const bool is_over = spool::settled(message);
        const auto written = is_over ? co_await office_.spool.done(message)
                                     : co_await office_.spool.outcome(message, changed);
        if (written && is_over) co_return;
        if (written) break;
        office_.recorder.spool_failed(message.id, "outcome", written.error());
        // On the disk it is as it was before, and so it comes again.
        if (journey.settlement.is_forgettable() && !may_wait_in_hand(written.error())) break;
        may_write = co_await pause();
    }
    recall(message);
    office_.spool.put_back(message);
}

io::Task<Courier::Told> Courier::tell(const Journey& journey) {
    const spool::Message& message = journey.message;
    const Settlement& settlement = journey.settlement;
    if (!settlement.untold().empty()) {
        office_.recorder.report_dropped(message, settlement.untold());
    }
    while (!settlement.reported().empty()) {
        const auto sent =
            co_await send_report(office_, message, settlement.reported(), journey.confidential);
        if (sent) break;
        office_.recorder.spool_failed(message.id, "report", sent.error());
        if (sent.error() == spool::Error::too_big) break;
        if (!may_wait_in_hand(sent.error())) co_return Told::later;
        const bool go_on = co_await pause();
        if (!go_on) co_return Told::stopped;
    }
    co_return Told::yes;
}

// Half of the hands stay free for what gives space back: reports that can be delivered.
bool Courier::may_wait_in_hand(spool::Error error) const {
    return error != spool::Error::full || pausing_ < office_.settings->delivery.concurrency / 2;
}

// Until the disk may work again. False: we stop instead.
io::Task<bool> Courier::pause() {
    constexpr io::Duration moment = std::chrono::seconds{5};
    if (cutting_) co_return false;
    ++pausing_;
    [[maybe_unused]] const bool changed = co_await changed_.wait(moment);
    --pausing_;
    co_return !cutting_;
}

} // namespace postern::deliver
