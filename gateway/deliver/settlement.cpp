#include "gateway/deliver/settlement.h"

#include "gateway/deliver/bounce.h"
#include "gateway/smtp/notification.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace postern::deliver {
namespace {

std::string text_of(smtp::EnhancedCode status) {
    return std::to_string(status.status) + '.' + std::to_string(status.subject) + '.' +
           std::to_string(status.detail);
}

// The strictest setting that demanded TLS: what fell short of any, fell short of this one.
std::string_view setting_of(const Course& course) {
    const auto strictness = [](const policy::Match& match) {
        const policy::Required required = match.setting->required(policy::Direction::outbound);
        return std::pair{required.demand, required.floor};
    };
    const auto& matches = course.demanded.matches;
    const auto strictest = std::ranges::max_element(matches, {}, strictness);
    return strictest == matches.end() ? std::string_view{}
                                      : std::string_view{strictest->setting->name};
}

} // namespace

Outcome Settlement::settle(const Course& course,
                           std::uint32_t recipient,
                           Outcome outcome,
                           Time now,
                           std::uint64_t random) {
    spool::Recipient& settled = message_.recipients[recipient];
    changed_.push_back(recipient);
    before_.push_back(settled);
    if (!outcome.asked_from) {
        ++settled.attempts;
        settled.last = now;
    }
    Plan plan;
    if (outcome.disposition == Disposition::deferred) {
        const Waiting waiting{.arrival = message_.arrival,
                              .attempts = std::max(settled.attempts, 1U),
                              .warned = settled.delay_reported};
        plan = plan_after(schedule_, waiting, now, random);
        if (outcome.asked_from) {
            plan.at = std::min(*outcome.asked_from, expiry_of(schedule_, message_.arrival));
        }
        if (plan.next == Next::fail) {
            outcome.disposition = Disposition::failed;
            outcome.status = smtp::delivery_time_expired;
        }
    }
    // What an attempt has said says more.
    if (!outcome.asked_from || settled.attempts == 0) {
        settled.remote = outcome.host;
        settled.diagnostic = outcome.diagnostic();
        settled.status = text_of(outcome.status);
    }
    switch (outcome.disposition) {
    case Disposition::delivered:
        settled.state = spool::State::delivered;
        report(course, settled, outcome, smtp::Action::relayed);
        break;
    case Disposition::failed:
        settled.state = spool::State::failed;
        report(course, settled, outcome, smtp::Action::failed);
        break;
    case Disposition::deferred:
        settled.next = plan.at;
        if (!plan.warn) break;
        settled.delay_reported = true;
        report(course, settled, outcome, smtp::Action::delayed);
        break;
    }
    return outcome;
}

bool Settlement::take_back_report(Time next) {
    const bool is_silent = std::ranges::any_of(
        reported_, [](const auto& entry) { return entry.action == smtp::Action::relayed; });
    reported_.clear();
    std::vector<std::uint32_t> changed;
    for (std::size_t at = 0; at < changed_.size(); ++at) {
        spool::Recipient& recipient = message_.recipients[changed_[at]];
        if (recipient.state == spool::State::failed) {
            recipient = std::move(before_[at]);
            recipient.next = next;
            continue;
        }
        recipient.delay_reported = before_[at].delay_reported;
        changed.push_back(changed_[at]);
    }
    changed_ = std::move(changed);
    return is_silent;
}

bool Settlement::is_forgettable() const {
    return reported_.empty() && std::ranges::all_of(changed_, [&](std::uint32_t number) {
               return message_.recipients[number].state == spool::State::waiting;
           });
}

void Settlement::report(const Course& course,
                        const spool::Recipient& recipient,
                        const Outcome& outcome,
                        smtp::Action action) {
    const auto next_hop = outcome.speaks_dsn ? smtp::NextHop::with_dsn : smtp::NextHop::without_dsn;
    const smtp::Path& sender = message_.mail.sender;
    if (!smtp::report_is_due(sender, recipient.envelope.notify, action, next_hop)) {
        if (action == smtp::Action::failed) {
            untold_ = sender.is_null() ? "the sender is null" : "NOTIFY does not ask for it";
        }
        return;
    }
    auto entry = deliver::reported(recipient, outcome, action, setting_of(course));
    if (action == smtp::Action::delayed) {
        const Time expiry = expiry_of(schedule_, message_.arrival);
        entry.retry_until = std::chrono::system_clock::to_time_t(expiry);
    }
    reported_.push_back(std::move(entry));
}

} // namespace postern::deliver
