#include "gateway/spool/writer.h"

#include "gateway/spool/payload.h"
#include "gateway/spool/record.h"
#include "gateway/spool/spool.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace postern::spool {
namespace {

constexpr std::size_t piece_bytes_min = 4096;       // smaller ones are put together
constexpr std::size_t piece_bytes_max = 64U << 10U; // what a reader has in memory

} // namespace

Writer::Writer(Spool& spool, Log& log, Room room, Message message)
    : spool_(&spool), log_(&log), room_(room), message_(std::move(message)) {}

Writer::Writer(Writer&& other) noexcept
    : spool_(other.spool_)
    , log_(other.log_)
    , room_(other.room_)
    , message_(std::move(other.message_))
    , held_(std::move(other.held_))
    , pinned_(std::exchange(other.pinned_, 0)) {}

Writer::~Writer() {
    if (pinned_ != 0) log_->unpin(pinned_);
}

io::Task<std::expected<void, Error>> Writer::add(std::string_view bytes) {
    while (!bytes.empty()) {
        if (held_.empty() && bytes.size() >= piece_bytes_min) {
            const std::string_view piece = bytes.substr(0, piece_bytes_max);
            const auto written = co_await write(piece);
            if (!written) co_return written;
            bytes.remove_prefix(piece.size());
            continue;
        }
        const std::string_view more = bytes.substr(0, piece_bytes_min - held_.size());
        held_ += more;
        bytes.remove_prefix(more.size());
        if (held_.size() < piece_bytes_min) break;
        const auto written = co_await write(held_);
        if (!written) co_return written;
        held_.clear();
    }
    co_return std::expected<void, Error>{};
}

io::Task<std::expected<void, Error>> Writer::write(std::string_view bytes) {
    const std::string head = content_head(message_.id);
    const auto place = co_await append(RecordType::content, head, bytes);
    if (!place) co_return std::unexpected{place.error()};
    message_.content.push_back(
        {.place = *place, .bytes = static_cast<std::uint32_t>(bytes.size())});
    message_.content_bytes += bytes.size();
    co_return std::expected<void, Error>{};
}

io::Task<std::expected<Place, Error>>
Writer::append(RecordType type, std::string_view head, std::string_view rest) {
    if (room_ == Room::usual && !spool_->has_reserve()) {
        const auto reserved = co_await spool_->make_reserve();
        if (!reserved) co_return std::unexpected{reserved.error()};
    }
    auto place = co_await log_->append(room_, type, head, rest);
    if (!place && place.error() == Error::full && room_ == Room::usual &&
        co_await spool_->give_space_back()) {
        place = co_await log_->append(room_, type, head, rest);
    }
    if (!place && place.error() == Error::full) spool_->start_compaction();
    if (place && pinned_ == 0) {
        pinned_ = place->segment;
        log_->pin(pinned_);
    }
    co_return place;
}

// A client waits for its mail. With a report goes the outcome that it tells of, and for what is
// moved nobody waits.
io::Task<std::expected<void, Error>> Writer::keep(Place place) {
    switch (room_) {
    case Room::usual: co_return co_await log_->commit(place, Log::Urgency::client);
    case Room::reserve: co_return co_await spool_->keep(*log_, place);
    default: co_return co_await log_->commit(place, Log::Urgency::nobody);
    }
}

io::Task<std::expected<Entry, Error>> Writer::store() {
    if (!held_.empty()) {
        const auto written = co_await write(held_);
        if (!written) co_return std::unexpected{written.error()};
        held_.clear();
    }
    const std::string payload = encode_message(message_);
    const auto place = co_await append(RecordType::message, payload);
    if (!place) co_return std::unexpected{place.error()};
    auto committed = co_await keep(*place);
    std::uint64_t bytes = record_bytes(payload.size());
    for (const Piece& piece : message_.content) {
        if (committed && log_->lost(piece.place)) committed = std::unexpected{Error::failed};
        bytes += record_bytes(sizeof(MessageId) + piece.bytes);
    }
    if (!committed) co_return std::unexpected{committed.error()};

    constexpr std::uint64_t bytes_max = std::numeric_limits<std::uint32_t>::max();
    Entry entry{.id = message_.id,
                .record = *place,
                .first_segment = pinned_,
                .bytes = static_cast<std::uint32_t>(std::min(bytes, bytes_max))};
    entry.set_due(due(message_));
    co_return entry;
}

io::Task<std::expected<void, Error>> Writer::commit() {
    const auto entry = co_await store();
    if (!entry) {
        // Its record may have reached the disk all the same: with this one the next start does not
        // send what the client was told to send again. Without space it is sent twice.
        const std::string payload = encode_done(message_.id);
        [[maybe_unused]] const auto undone =
            co_await log_->append(Room::last, RecordType::done, payload);
        co_return std::unexpected{entry.error()};
    }
    spool_->add(*log_, *entry);
    // Alive, it keeps its segment by itself.
    log_->unpin(std::exchange(pinned_, 0));
    co_return std::expected<void, Error>{};
}

} // namespace postern::spool
