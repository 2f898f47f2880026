#include "ssl/ticket.h"

#include "ssl/random.h"

#include <algorithm>

namespace postern::ssl {

namespace {

std::expected<TicketKey, Error> fresh_key() {
    const auto random = Random::open();
    if (!random) return std::unexpected(random.error());
    TicketKey key;
    if (!(*random)->fill(key.name) || !(*random)->fill(key.secret)) {
        return std::unexpected(Error{.cause = Cause::no_entropy});
    }
    return key;
}

} // namespace

std::expected<TicketKeys, Error> TicketKeys::generate() { return TicketKeys{}.rotated(); }

std::expected<TicketKeys, Error> TicketKeys::rotated() const {
    const auto key = fresh_key();
    if (!key) return std::unexpected(key.error());
    TicketKeys result = *this;
    std::shift_right(result.keys_.begin(), result.keys_.end(), 1);
    result.keys_.front() = *key;
    result.count_ = std::min(count_ + 1, keys_kept);
    return result;
}

} // namespace postern::ssl
