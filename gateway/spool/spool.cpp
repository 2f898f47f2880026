#include "gateway/spool/spool.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace postern::spool {
namespace {

constexpr std::size_t record_bytes_usual = 1024; // of a message or an outcome
constexpr std::size_t recipients_few = 16;       // their state is always written whole
constexpr std::uint32_t outcomes_max = 32;       // that have to be read for one message

std::vector<std::uint32_t> all_of(const Message& message) {
    std::vector<std::uint32_t> numbers(message.recipients.size());
    for (std::uint32_t number = 0; number < numbers.size(); ++number) {
        numbers[number] = number;
    }
    return numbers;
}

} // namespace

Spool::Spool(io::Ring& ring, Settings settings, std::vector<RecoveredShard> shards)
    : ring_(ring), settings_(std::move(settings)), earlier_(ring), tasks_(ring) {
    if (shards.empty() || shards.front().number != settings_.core) {
        shards.insert(shards.begin(), RecoveredShard{.number = settings_.core});
    }
    const std::uint32_t reports = reports_shard(settings_.core);
    if (std::ranges::find(shards, reports, &RecoveredShard::number) == shards.end()) {
        shards.push_back(RecoveredShard{.number = reports});
    }
    for (const RecoveredShard& shard : shards) {
        Log::Settings log{.directory = settings_.directory + "/" + std::to_string(shard.number),
                          .shard = shard.number,
                          .segment_bytes = shard.number == reports ? settings_.report_segment_bytes
                                                                   : settings_.segment_bytes,
                          .keeps_reserve = core_of(shard.number) == settings_.core,
                          .patience = settings_.patience,
                          .company = settings_.company,
                          .fault = settings_.fault};
        const auto number = static_cast<std::uint16_t>(logs_.size());
        logs_.push_back(std::make_unique<Log>(ring, std::move(log), shard.segments, counters_));
        for (Entry entry : shard.messages) {
            entry.log = number;
            logs_.back()->lives(entry.first_segment, entry.bytes);
            if (index_.find(entry.id) == nullptr) {
                index_.add(entry);
            } else {
                // Somebody has copied files: it stays on the disk, like what is damaged.
                logs_.back()->pin(entry.first_segment);
            }
        }
        if (shard.number == reports) reports_ = logs_.back().get();
        last_id_ = std::max(last_id_, shard.last_id);
    }
    start_compaction();
}

Spool::~Spool() { assert(tasks_.running() == 0); }

io::Task<void> Spool::stop() {
    stopping_ = true;
    for (const auto& log : logs_) {
        co_await log->stop();
    }
    while (!co_await tasks_.ended(std::chrono::hours{1})) {
    }
}

Writer Spool::begin(smtp::Mail mail,
                    std::vector<smtp::Recipient> recipients,
                    std::chrono::system_clock::time_point now) {
    return {*this,
            *logs_.front(),
            Room::usual,
            message_of(std::move(mail), std::move(recipients), now)};
}

Writer Spool::begin_report(smtp::Mail mail,
                           smtp::Recipient recipient,
                           std::chrono::system_clock::time_point now) {
    std::vector<smtp::Recipient> recipients;
    recipients.push_back(std::move(recipient));
    return {
        *this, *reports_, Room::reserve, message_of(std::move(mail), std::move(recipients), now)};
}

Message Spool::message_of(smtp::Mail mail,
                          std::vector<smtp::Recipient> recipients,
                          std::chrono::system_clock::time_point now) {
    const auto since =
        std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
    // Rising even when the clock goes back; the core in the last bits.
    const MessageId last = last_id_ >> core_bits;
    const MessageId next = std::max(last + 1, static_cast<MessageId>(since.count()));
    last_id_ = next << core_bits | core_of(settings_.core);

    Message message;
    message.id = last_id_;
    message.arrival = std::chrono::floor<std::chrono::seconds>(now);
    message.mail = std::move(mail);
    for (smtp::Recipient& recipient : recipients) {
        message.recipients.push_back({.envelope = std::move(recipient), .next = message.arrival});
    }
    return message;
}

void Spool::add(const Log& log, Entry entry) {
    entry.log = number_of(log);
    logs_[entry.log]->lives(entry.first_segment, entry.bytes);
    const auto before = index_.next_due();
    index_.add(entry);
    if (!before || entry.due_at() < *before) earlier_.set();
}

std::uint16_t Spool::number_of(const Log& log) const {
    const auto found =
        std::ranges::find_if(logs_, [&](const auto& one) { return one.get() == &log; });
    return static_cast<std::uint16_t>(found - logs_.begin());
}

std::optional<MessageId> Spool::take_due(Time now, Index::Pick pick) {
    const Entry* const entry = index_.take_due(now, pick);
    if (entry == nullptr) return std::nullopt;
    logs_[entry->log]->pin(entry->first_segment);
    return entry->id;
}

// The compaction has some in its hand, which come back with the times that they had.
bool Spool::recall(Time latest, Time now) {
    constexpr std::size_t together = 1000;
    const bool more = index_.recall(latest, now, together);
    return more || compacting_;
}

bool Spool::take(MessageId id) {
    const Entry* const entry = index_.take(id);
    if (entry == nullptr) return false;
    logs_[entry->log]->pin(entry->first_segment);
    return true;
}

Reader Spool::read(const Message& message) {
    const Entry* const entry = index_.hand(message.id);
    assert(entry != nullptr);
    return {*logs_[entry->log], message};
}

io::Task<std::expected<Message, Error>> Spool::load(MessageId id) {
    const Entry* const entry = index_.hand(id);
    assert(entry != nullptr);
    co_return co_await load_from(*logs_[entry->log], *entry);
}

io::Task<std::expected<Message, Error>> Spool::look(MessageId id) {
    const Entry* const found = index_.find(id);
    if (found == nullptr) co_return std::unexpected{Error::damaged};
    const Entry entry = *found;
    Log& log = *logs_[entry.log];
    log.pin(entry.first_segment);
    auto message = co_await load_from(log, entry);
    log.unpin(entry.first_segment);
    co_return message;
}

io::Task<std::expected<Message, Error>> Spool::load_from(Log& log, Entry entry) {
    const MessageId id = entry.id;
    const Place place = entry.record;
    Place next = entry.outcome;

    std::string buffer;
    const auto record = co_await log.read(place, record_bytes_usual, buffer);
    if (!record) co_return std::unexpected{record.error()};
    if (record->type != RecordType::message) co_return std::unexpected{Error::damaged};
    auto message = decode_message(record->payload);
    if (!message || message->id != id) co_return std::unexpected{Error::damaged};

    // The newest first: what a later outcome has said, an earlier one does not change. Those before
    // the record are in it already.
    std::vector<bool> known(message->recipients.size());
    while (next > place) {
        const auto read = co_await log.read(next, record_bytes_usual, buffer);
        if (!read) co_return std::unexpected{read.error()};
        if (read->type == RecordType::lost) break; // reported by the recovery: older state then
        if (read->type != RecordType::outcome) co_return std::unexpected{Error::damaged};
        auto outcome = decode_outcome(read->payload);
        if (!outcome || outcome->id != id) co_return std::unexpected{Error::damaged};
        // Each is further back than the one before, whatever it says.
        if (outcome->previous >= next) co_return std::unexpected{Error::damaged};
        apply(*outcome, *message, known);
        next = outcome->previous;
    }
    co_return std::move(*message);
}

void Spool::apply(Outcome& outcome, Message& message, std::vector<bool>& known) {
    message.outcomes = std::max(message.outcomes, outcome.depth + 1);
    for (Outcome::Change& change : outcome.changes) {
        if (change.number >= known.size() || known[change.number]) continue;
        known[change.number] = true;
        Recipient& recipient = message.recipients[change.number];
        change.recipient.envelope = std::move(recipient.envelope);
        recipient = std::move(change.recipient);
    }
}

io::Task<std::expected<void, Error>> Spool::outcome(Message& message,
                                                    std::vector<std::uint32_t> changed) {
    const Entry* const before = index_.hand(message.id);
    assert(before != nullptr);
    Log& log = *logs_[before->log];
    const bool whole = message.recipients.size() <= recipients_few ||
                       changed.size() == message.recipients.size() ||
                       message.outcomes >= outcomes_max;
    if (whole) changed = all_of(message);
    const Place previous = whole ? Place{} : before->outcome;
    const std::string payload = encode_outcome(message, changed, previous);

    const bool is_final = std::ranges::any_of(changed, [&](std::uint32_t number) {
        return message.recipients[number].state != State::waiting;
    });
    const auto place =
        co_await log.append(is_final ? Room::last : Room::reserve, RecordType::outcome, payload);
    if (!place) co_return std::unexpected{place.error()};
    const auto committed = co_await keep(log, *place);
    if (!committed) co_return committed;
    index_.hand(message.id)->outcome = *place;
    message.outcomes = previous.segment == 0 ? 1 : message.outcomes + 1;
    co_return committed;
}

io::Task<std::expected<void, Error>> Spool::keep(Log& log, Place place) {
    ++keeping_;
    if (keeping_ >= index_.in_hand()) { // nobody else can come
        for (const auto& one : logs_) {
            one->hurry();
        }
    }
    auto committed = co_await log.commit(place, Log::Urgency::nobody);
    --keeping_;
    co_return committed;
}

void Spool::put_back(const Message& message) { put_back(message.id, due(message)); }

void Spool::put_back(MessageId id, Time due) {
    Entry* const entry = index_.hand(id);
    assert(entry != nullptr);
    logs_[entry->log]->unpin(entry->first_segment);
    entry->set_due(due);
    const auto before = index_.next_due();
    index_.put_back(id);
    if (!before || due < *before) earlier_.set();
}

io::Task<std::expected<void, Error>> Spool::done(const Message& message) {
    const MessageId id = message.id;
    const Entry* const entry = index_.hand(id);
    assert(entry != nullptr);
    Log& log = *logs_[entry->log];
    const std::string payload = encode_done(id);
    const auto place = co_await log.append(Room::last, RecordType::done, payload);
    if (!place) co_return std::unexpected{place.error()};
    const auto committed = co_await keep(log, *place);
    if (!committed) co_return committed;

    const Entry gone = *index_.hand(id);
    log.unpin(gone.first_segment);
    log.dies(gone.first_segment, gone.bytes);
    index_.remove(id);
    start_compaction();
    co_return committed;
}

void Spool::set_aside(MessageId id) {
    assert(index_.hand(id) != nullptr);
    index_.remove(id); // its segment stays pinned
}

void Spool::start_compaction() {
    if (compacting_ || stopping_ || ring_.now() < compaction_not_before_) return;
    const bool wanted =
        std::ranges::any_of(logs_, [](const auto& log) { return log->worn_out().has_value(); });
    if (wanted) tasks_.spawn(compact());
}

} // namespace postern::spool
