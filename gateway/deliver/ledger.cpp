#include "gateway/deliver/ledger.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace postern::deliver {

std::vector<std::size_t> Ledger::open() const {
    std::vector<std::size_t> numbers;
    for (std::size_t number = 0; number < entries_.size(); ++number) {
        if (!entries_[number].settled) numbers.push_back(number);
    }
    return numbers;
}

bool Ledger::any_open() const { return !std::ranges::all_of(entries_, &Entry::settled); }
bool Ledger::any_settled() const { return std::ranges::any_of(entries_, &Entry::settled); }

void Ledger::settle(std::size_t recipient, Outcome outcome) {
    Entry& entry = entries_[recipient];
    assert(!entry.settled);
    entry = {.outcome = std::move(outcome), .settled = true};
}

void Ledger::weigh(std::size_t recipient, const Outcome& outcome) {
    Entry& entry = entries_[recipient];
    assert(!entry.settled);
    if (!entry.outcome || outcome.cause > entry.outcome->cause) entry.outcome = outcome;
}

void Ledger::weigh(const Outcome& outcome) {
    for (const std::size_t recipient : open()) {
        weigh(recipient, outcome);
    }
}

Ledger Ledger::of_those_that_fell_short() const {
    Ledger fell_short{entries_.size()};
    for (std::size_t number = 0; number < entries_.size(); ++number) {
        const Entry& entry = entries_[number];
        fell_short.entries_[number].settled =
            entry.settled || !entry.outcome || !is_tls(entry.outcome->cause);
    }
    return fell_short;
}

void Ledger::take_from(const Ledger& other_way) {
    assert(other_way.entries_.size() == entries_.size());
    for (std::size_t number = 0; number < entries_.size(); ++number) {
        const Entry& other = other_way.entries_[number];
        if (!other.outcome) continue;
        if (other.settled || is_passing(other.outcome->cause)) entries_[number] = other;
    }
}

std::vector<Outcome> Ledger::close(policy::OnTlsFailure on_tls_failure) && {
    std::vector<Outcome> outcomes;
    outcomes.reserve(entries_.size());
    for (Entry& entry : entries_) {
        assert(entry.outcome.has_value());
        Outcome& outcome = outcomes.emplace_back(std::move(*entry.outcome));
        const bool fell_short = outcome.disposition == Disposition::failed && is_tls(outcome.cause);
        if (fell_short && on_tls_failure == policy::OnTlsFailure::retry) {
            outcome.disposition = Disposition::deferred;
            outcome.status.status = 4;
        }
    }
    return outcomes;
}

} // namespace postern::deliver
