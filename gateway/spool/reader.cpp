#include "gateway/spool/reader.h"

#include "gateway/spool/payload.h"
#include "gateway/spool/record.h"

namespace postern::spool {

io::Task<std::expected<std::string_view, Error>> Reader::next() {
    if (piece_ == message_.content.size()) co_return std::string_view{};
    const Piece piece = message_.content[piece_];
    const std::size_t bytes = record_bytes(sizeof(MessageId) + piece.bytes);
    const auto record = co_await log_.read(piece.place, bytes, buffer_);
    if (!record) co_return std::unexpected{record.error()};
    const auto content = decode_content(record->payload);
    if (record->type != RecordType::content || !content || content->id != message_.id ||
        content->bytes.size() != piece.bytes) {
        co_return std::unexpected{Error::damaged};
    }
    ++piece_;
    co_return content->bytes;
}

} // namespace postern::spool
