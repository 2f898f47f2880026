#include "gateway/spool/log.h"

#include <algorithm>
#include <utility>

// How records come to the disk: many with one write, and with one fdatasync.
namespace postern::spool {
namespace {

constexpr io::Duration until_changed = std::chrono::hours{1};
constexpr std::size_t nobodies_enough = 64; // for an fdatasync of their own

} // namespace

Log::Coming::Coming(Log& log) : log_(&log) {
    log.turn_period();
    period_ = log.period_;
    ++log.coming_now_;
}

Log::Coming::~Coming() {
    if (log_ == nullptr) return;
    log_->turn_period();
    if (period_ == log_->period_) {
        --log_->coming_now_;
    } else if (period_ + 1 == log_->period_) {
        --log_->coming_before_;
    }
    if (log_->gathered()) log_->gathering_.set();
}

std::size_t Log::coming() {
    turn_period();
    return coming_now_ + coming_before_;
}

void Log::turn_period() {
    const io::Clock::time_point now = ring_.now();
    if (now - period_began_ < settings_.company) return;
    const bool are_recent = now - period_began_ < 2 * settings_.company;
    coming_before_ = are_recent ? coming_now_ : 0;
    coming_now_ = 0;
    period_ += are_recent ? 1 : 2;
    period_began_ = now;
}

bool Log::gathered() {
    if (stopping_ || sealing_ || pending_.size() >= pending_bytes_max) return true;
    if (clients_ > 0) return clients_ >= coming();
    return nobodies_ >= nobodies_enough || (hurried_ && nobodies_ > 0 && coming() == 0);
}

// For an fdatasync, which costs the same for one and for many.
io::Task<void> Log::gather() {
    const io::Clock::time_point began = ring_.now();
    while (!gathered()) {
        const io::Duration allowed = clients_ > 0 ? settings_.company : settings_.patience;
        const auto left = std::chrono::ceil<io::Duration>(began + allowed - ring_.now());
        if (left <= io::Duration{0}) co_return;
        [[maybe_unused]] const bool set = co_await gathering_.wait(left);
    }
}

void Log::hurry() {
    hurried_ = true;
    gathering_.set();
}

void Log::start_flush() {
    if (flushing_) return;
    flushing_ = true;
    tasks_.spawn(flush());
}

io::Task<void> Log::flush() {
    while (!pending_.empty() || wanted_ >= active_->synced()) {
        if (wanted_ >= active_->synced()) co_await gather();
        clients_ = 0;
        nobodies_ = 0;
        hurried_ = false;
        writing_.swap(pending_);
        const auto sync = wanted_ >= active_->synced() ? Segment::Sync::yes : Segment::Sync::no;
        ++counters_.writes;
        if (sync == Segment::Sync::yes) ++counters_.data_syncs;
        const auto written = co_await active_->write(writing_, sync);
        writing_.clear();
        if (writing_.capacity() > 2 * pending_bytes_max) writing_.shrink_to_fit();
        if (!written) {
            // What collected meanwhile was to stand behind what is lost; who waits for it learns
            // so.
            ++counters_.failures;
            pending_.clear();
            wanted_ = 0;
        }
        changed_.set();
    }
    flushing_ = false;
    changed_.set();
}

bool Log::lost(Place place) const {
    const Segment* const segment = find(place.segment);
    return segment == nullptr || (segment->failure() && place.offset >= segment->synced());
}

io::Task<std::expected<void, Error>> Log::commit(Place place, Urgency urgency) {
    ++(urgency == Urgency::client ? clients_ : nobodies_);
    if (gathered()) gathering_.set();
    for (;;) {
        const Segment* const segment = find(place.segment);
        if (segment == nullptr) co_return std::unexpected{Error::failed};
        if (place.offset < segment->synced()) co_return std::expected<void, Error>{};
        if (segment->failure()) co_return std::unexpected{*segment->failure()};
        // Only the active segment is not synced: another one has been sealed.
        wanted_ = std::max(wanted_, place.offset);
        start_flush();
        if (!flushing_) continue; // it has failed already
        [[maybe_unused]] const bool set = co_await changed_.wait(until_changed);
    }
}

} // namespace postern::spool
