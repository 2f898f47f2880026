#include "gateway/spool/recovery.h"

#include "gateway/spool/disk.h"
#include "gateway/spool/shard_recovery.h"

#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <optional>
#include <utility>

namespace postern::spool {
namespace {

std::optional<std::uint32_t> shard_number(const std::string& name) {
    std::uint32_t number = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
    if (read.ec != std::errc{} || std::to_string(number) != name) return std::nullopt;
    return number;
}

// The directories that have to be there, and all shards that are.
std::expected<std::vector<std::uint32_t>, std::string> prepare(const std::string& directory,
                                                               unsigned cores) {
    DiskResult made = make_directory(directory);
    if (made) made = make_directory(directory + "/quarantine");
    for (unsigned core = 0; made && core < cores; ++core) {
        made = make_directory(directory + "/" + std::to_string(core));
        if (made) made = make_directory(directory + "/" + std::to_string(reports_shard(core)));
    }
    if (made) made = sync_directory(directory);
    if (!made) return std::unexpected{made.error()};
    const auto names = names_in(directory);
    if (!names) return std::unexpected{names.error()};
    std::vector<std::uint32_t> shards;
    for (const std::string& name : *names) {
        if (const auto number = shard_number(name)) shards.push_back(*number);
    }
    std::ranges::sort(shards);
    return shards;
}

} // namespace

std::string_view text(Damage::Kind kind) {
    switch (kind) {
    case Damage::Kind::header: return "header";
    case Damage::Kind::record: return "record";
    case Damage::Kind::tail: return "tail";
    case Damage::Kind::message: return "message";
    case Damage::Kind::segment: return "segment";
    }
    return "record";
}

std::expected<Recovery, std::string> recover(const std::string& directory, unsigned cores) {
    assert(cores > 0);
    const auto shards = prepare(directory, cores);
    if (!shards) return std::unexpected{shards.error()};
    Recovery recovery;
    recovery.cores.resize(cores);
    // In rising order, so that a core's own shard comes before those it adopts.
    for (const std::uint32_t number : *shards) {
        const bool is_adopted = core_of(number) >= cores;
        ShardRecovery reading{
            directory, number, is_adopted ? ShardRecovery::Rest::cut : ShardRecovery::Rest::kept};
        auto shard = reading.run();
        if (!shard) return std::unexpected{shard.error()};
        recovery.messages += shard->messages.size();
        recovery.bytes += reading.bytes_read();
        const auto& damages = reading.damages();
        recovery.damages.insert(recovery.damages.end(), damages.begin(), damages.end());
        if (is_adopted && shard->segments.empty()) {
            // Nothing is left of a core that is no more. Not empty all the same: somebody else's.
            ::rmdir((directory + "/" + std::to_string(number)).c_str());
            continue;
        }
        recovery.cores[core_of(number) % cores].push_back(std::move(*shard));
    }
    return recovery;
}

} // namespace postern::spool
