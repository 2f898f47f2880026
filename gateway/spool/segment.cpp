#include "gateway/spool/segment.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace postern::spool {

Error error_from(io::FileError error) {
    return error == io::FileError::full ? Error::full : Error::failed;
}

Segment::Segment(io::Ring& ring,
                 std::string path,
                 const RecoveredSegment& recovered,
                 io::FileFault* fault)
    : ring_(ring)
    , path_(std::move(path))
    , header_(recovered.header)
    , fault_(fault)
    , capacity_(std::max(recovered.bytes, recovered.capacity))
    , written_(recovered.bytes)
    , synced_(recovered.bytes) {}

io::Task<std::expected<std::unique_ptr<Segment>, Error>> Segment::create(io::Ring& ring,
                                                                         std::string path,
                                                                         SegmentHeader header,
                                                                         std::uint32_t capacity,
                                                                         io::FileFault* fault) {
    auto file = co_await io::File::open(ring, path, io::File::Mode::create, fault);
    if (!file) co_return std::unexpected{error_from(file.error())};
    const std::string bytes = encode(header);
    auto done = co_await file->allocate(capacity);
    if (done) done = co_await file->write(bytes, 0);
    if (done) done = co_await file->sync();
    if (!done) {
        // Without its name nobody takes it for a segment; if that fails too, recovery does not.
        [[maybe_unused]] const auto removed = co_await io::File::remove(ring, path);
        co_return std::unexpected{error_from(done.error())};
    }
    const RecoveredSegment made{
        .header = header, .bytes = segment_header_bytes, .capacity = capacity};
    auto segment = std::make_unique<Segment>(ring, std::move(path), made, fault);
    segment->file_ = std::move(*file);
    co_return segment;
}

// Of one that recovery has read, when it is needed.
io::Task<std::expected<void, Error>> Segment::open() {
    if (file_.valid()) co_return std::expected<void, Error>{};
    const auto mode = capacity_ > written_ ? io::File::Mode::change : io::File::Mode::read;
    auto file = co_await io::File::open(ring_, path_, mode, fault_);
    if (!file) co_return std::unexpected{error_from(file.error())};
    if (!file_.valid()) file_ = std::move(*file); // unless another was quicker
    co_return std::expected<void, Error>{};
}

io::Task<std::expected<void, Error>> Segment::write(std::string_view records, Sync sync) {
    assert(!failure_);
    assert(records.size() <= capacity_ - written_);
    const auto opened = co_await open();
    if (!opened) {
        failure_ = opened.error();
        co_return opened;
    }
    auto done = co_await file_.write(records, written_);
    if (done) {
        written_ += static_cast<std::uint32_t>(records.size());
        if (sync == Sync::yes) done = co_await file_.data_sync();
    }
    if (!done) {
        // What a failed fdatasync has left out no later one brings back: nothing more goes here.
        failure_ = error_from(done.error());
        co_return std::unexpected{*failure_};
    }
    if (sync == Sync::yes) synced_ = written_;
    co_return std::expected<void, Error>{};
}

io::Task<std::expected<Record, Error>>
Segment::read(std::uint32_t offset, std::size_t expected, std::string& buffer) {
    const auto opened = co_await open();
    if (!opened) co_return std::unexpected{opened.error()};
    if (offset >= written_) co_return std::unexpected{Error::damaged};
    std::size_t wanted = std::max(expected, record_header_bytes);
    for (;;) {
        buffer.resize(std::min<std::size_t>(wanted, written_ - offset));
        const auto read = co_await file_.read(buffer, offset);
        if (!read) co_return std::unexpected{error_from(read.error())};
        buffer.resize(*read);
        const auto record = read_record(buffer, header_.mark, offset);
        if (record) co_return *record;
        const std::size_t announced = announced_bytes(buffer, header_.mark);
        if (record.error() != RecordError::cut || announced <= wanted) {
            co_return std::unexpected{Error::damaged};
        }
        wanted = announced;
    }
}

io::Task<void> Segment::release_rest() {
    constexpr std::uint32_t block = 4096;
    const std::uint32_t used = std::min((written_ + block - 1) / block * block, capacity_);
    if (used == capacity_ || failure_ || !file_.valid()) co_return;
    [[maybe_unused]] const auto released = co_await file_.release(used, capacity_ - used);
}

io::Task<std::expected<void, Error>> Segment::remove() {
    // Closed first: the last to let go of a file waits for its space to be freed, and that is
    // better done by the kernel's worker that removes the name.
    file_ = io::File{};
    const auto removed = co_await io::File::remove(ring_, path_, fault_);
    if (!removed && removed.error() != io::FileError::missing) {
        co_return std::unexpected{error_from(removed.error())};
    }
    co_return std::expected<void, Error>{};
}

} // namespace postern::spool
