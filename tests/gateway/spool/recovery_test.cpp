#include "gateway/spool/disk.h"
#include "gateway/spool/recovery.h"
#include "gateway/spool/spool.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/gateway/spool/queue.h"

namespace postern::spool {
namespace {

using test::awaited;
using test::Queue;
using Contents = std::map<MessageId, std::string>;

// Where waiting for the disk takes no time: for tests that recover thousands of times.
std::filesystem::path quick_folder() {
    const std::filesystem::path memory = "/dev/shm";
    return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

// A log with everything in it, and what has to be there when it ends at a given byte.
struct Written {
    std::string bytes;                         // of the segment, without what was only allocated
    std::map<std::size_t, Contents> committed; // from this many bytes on

    [[nodiscard]] const Contents& at(std::size_t size) const {
        return std::prev(committed.upper_bound(size))->second;
    }
};

Written write_log() {
    Queue queue;
    Written written;
    Contents there;
    const auto note = [&] {
        written.committed[segment_header_bytes + queue.spool().counters().bytes] = there;
    };
    written.committed[0] = {};
    std::vector<MessageId> ids;
    for (const std::size_t size : {50U, 0U, 21U}) {
        const std::string bytes = test::content(size);
        ids.push_back(queue.submit(bytes).value());
        there[ids.back()] = bytes;
        note();
    }
    Message message = queue.loaded(ids[2]);
    message.recipients[0].attempts = 1;
    REQUIRE(awaited(queue.loop(), queue.spool().outcome(message, {0})));
    note();
    queue.spool().put_back(message);
    REQUIRE(queue.finish(ids[1]));
    there.erase(ids[1]);
    note();
    const std::size_t size = segment_header_bytes + queue.spool().counters().bytes;
    queue.stop();
    written.bytes = read_file(queue.path("0/000001.seg"), 1U << 20U).value().substr(0, size);
    return written;
}

// A spool that finds these bytes as its only segment.
class Found {
public:
    Found(io::test::Loop& loop, std::string_view segment) : loop_(loop) {
        std::filesystem::create_directories(root() + "/0");
        directory_.write("spool/0/000001.seg", segment);
        start();
    }
    Found(const Found&) = delete;
    Found& operator=(const Found&) = delete;
    ~Found() { loop_.run(spool_->stop()); }

    void start() {
        if (spool_) loop_.run(spool_->stop());
        auto recovery = recover(root(), 1).value();
        damages = std::move(recovery.damages);
        spool_.emplace(loop_.ring(),
                       Spool::Settings{.directory = root(),
                                       .segment_bytes = 1U << 20U,
                                       .patience = io::Duration{0}},
                       std::move(recovery.cores[0]));
        gateway::test::turn_until(loop_, [&] { return !spool_->compacting(); });
    }
    [[nodiscard]] Contents all() {
        Contents contents;
        while (const auto id = spool_->take_due(test::noon)) {
            const Message message = awaited(loop_, spool_->load(*id)).value();
            Reader reader = spool_->read(message);
            std::string& bytes = contents[*id];
            for (;;) {
                const auto piece = awaited(loop_, reader.next());
                if (piece->empty()) break;
                bytes += *piece;
            }
        }
        return contents;
    }

    std::vector<Damage> damages;

private:
    [[nodiscard]] std::string root() const { return directory_.path("spool"); }

    io::test::Loop& loop_;
    gateway::test::Directory directory_{quick_folder()};
    std::optional<Spool> spool_;
};

std::size_t damaged_bytes(const std::vector<Damage>& damages) {
    std::size_t bytes = 0;
    for (const Damage& damage : damages) {
        bytes += damage.bytes;
        CHECK(std::filesystem::file_size(damage.quarantine) == damage.bytes);
    }
    return bytes;
}

TEST_CASE("cut at any byte, the log has every committed message and no half one", "[spool]") {
    const Written written = write_log();
    // What stands behind the cut: nothing, or space that was allocated.
    const auto allocated = GENERATE(std::size_t{0}, std::size_t{4096});
    io::test::Loop loop;
    for (std::size_t size = 0; size <= written.bytes.size(); ++size) {
        INFO("cut at " << size);
        Found found{loop, written.bytes.substr(0, size) + std::string(allocated, '\0')};
        // Zeros that are cut off and zeros that are there anyway are the same.
        std::size_t same = size;
        while (allocated > 0 && same < written.bytes.size() && written.bytes[same] == 0) {
            ++same;
        }
        CHECK(found.all() == written.at(same));
        const bool between = size == 0 || size == segment_header_bytes ||
                             (size > segment_header_bytes && written.committed.contains(size));
        if (between) CHECK(found.damages.empty());
    }
}

TEST_CASE("a flipped byte anywhere is found, and costs nobody else anything", "[spool]") {
    const Written written = write_log();
    const Contents& all = written.committed.rbegin()->second;
    io::test::Loop loop;
    for (std::size_t at = 0; at < written.bytes.size(); ++at) {
        INFO("flipped at " << at);
        std::string bytes = written.bytes;
        bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
        Found found{loop, bytes};
        REQUIRE_FALSE(found.damages.empty());
        CHECK(damaged_bytes(found.damages) >= record_header_bytes);
        const Contents there = found.all();
        std::size_t missing = 0;
        for (const auto& [id, content] : all) {
            if (!there.contains(id)) {
                ++missing;
            } else {
                CHECK(there.at(id) == content);
            }
        }
        CHECK(missing <= 1);
    }
}

TEST_CASE("damage is reported once, and what was found stays", "[spool]") {
    const Written written = write_log();
    io::test::Loop loop;
    std::string bytes = written.bytes;
    bytes[segment_header_bytes + record_header_bytes + 8] ^= 1; // the first content
    Found found{loop, bytes};
    REQUIRE(found.damages.size() == 2);
    CHECK(found.damages[0].kind == Damage::Kind::record);
    CHECK(found.damages[0].offset == segment_header_bytes);
    CHECK(found.damages[1].kind == Damage::Kind::message);
    const MessageId lost = written.committed.rbegin()->second.begin()->first;
    CHECK(found.damages[1].id == lost);
    found.start();
    CHECK(found.damages.empty());
    CHECK(found.all().size() == 1);
}

TEST_CASE("a segment of which nothing can be read is kept in quarantine", "[spool]") {
    io::test::Loop loop;
    Found found{loop, std::string(5000, 'x')};
    REQUIRE(found.damages.size() == 1);
    CHECK(found.damages[0].kind == Damage::Kind::segment);
    CHECK(found.damages[0].bytes == 5000);
    CHECK(std::filesystem::exists(found.damages[0].quarantine));
    CHECK_FALSE(std::filesystem::exists(found.damages[0].file));
}

TEST_CASE("a record that mail imitates is none, not even behind damage", "[spool]") {
    const Written good = write_log();
    // The content is a log with messages in it; then its record is damaged.
    Queue queue;
    const MessageId id = queue.submit(good.bytes.substr(segment_header_bytes)).value();
    queue.stop();
    std::string bytes = read_file(queue.path("0/000001.seg"), 1U << 20U).value();
    bytes[segment_header_bytes + record_header_bytes + 8] ^= 1;
    io::test::Loop loop;
    Found found{loop, bytes};
    CHECK(found.all().empty());
    REQUIRE(found.damages.size() == 2);
    CHECK(found.damages[1].id == id);
}

TEST_CASE("a damaged header of a segment costs no message", "[spool]") {
    const Written written = write_log();
    io::test::Loop loop;
    std::string bytes = written.bytes;
    bytes[20] ^= 1;
    Found found{loop, bytes};
    REQUIRE(found.damages.size() == 1);
    CHECK(found.damages[0].kind == Damage::Kind::header);
    CHECK(found.all() == written.committed.rbegin()->second);
    found.start();
    CHECK(found.damages.empty());
}

TEST_CASE("the shards of any number of cores are shared among those there are", "[spool]") {
    const gateway::test::Directory directory;
    const std::string root = directory.path("spool");
    io::test::Loop loop;
    std::map<unsigned, unsigned> counts; // messages by what was there before
    std::set<MessageId> ids;
    const auto on_all = [&](unsigned cores, const auto& action) {
        auto recovery = recover(root, cores).value();
        CHECK(recovery.damages.empty());
        REQUIRE(recovery.cores.size() == cores);
        std::set<MessageId> seen;
        for (unsigned core = 0; core < cores; ++core) {
            Spool spool{loop.ring(),
                        {.directory = root,
                         .core = core,
                         .segment_bytes = 1U << 20U,
                         .patience = io::Duration{0}},
                        std::move(recovery.cores[core])};
            gateway::test::turn_until(loop, [&] { return !spool.compacting(); });
            for (const Entry& entry : spool.page(0, SIZE_MAX)) {
                CHECK(seen.insert(entry.id).second);
            }
            action(spool);
            loop.run(spool.stop());
        }
        return seen;
    };
    on_all(5, [&](Spool& spool) {
        Writer writer = spool.begin(test::mail_from("a@b"), test::recipients(1), test::noon);
        REQUIRE(awaited(loop, writer.commit()));
        CHECK(ids.insert(writer.id()).second);
    });
    CHECK(ids.size() == 5);
    CHECK(on_all(2, [](Spool&) {}) == ids);
    // An adopted message is done where it lies.
    CHECK(on_all(1, [&](Spool& spool) {
              const auto id = *ids.rbegin();
              REQUIRE(spool.take(id));
              const Message message = awaited(loop, spool.load(id)).value();
              REQUIRE(awaited(loop, spool.done(message)));
          }) == ids);
    ids.erase(std::prev(ids.end()));
    CHECK(on_all(3, [](Spool&) {}) == ids);
    CHECK(on_all(1, [&](Spool& spool) {
              while (const auto id = spool.take_due(test::noon)) {
                  const Message message = awaited(loop, spool.load(*id)).value();
                  REQUIRE(awaited(loop, spool.done(message)));
              }
              gateway::test::turn_until(loop, [&] { return !spool.compacting(); });
          }) == ids);
    CHECK(on_all(1, [](Spool&) {}).empty());
    CHECK(on_all(1, [](Spool&) {}).empty());
    CHECK_FALSE(std::filesystem::exists(root + "/4"));
}

TEST_CASE("what cannot be read stops the start, with a reason", "[spool]") {
    const gateway::test::Directory directory;
    directory.write("spool", "a file");
    const auto recovery = recover(directory.path("spool"), 1);
    REQUIRE_FALSE(recovery);
    CHECK(recovery.error().starts_with("cannot make "));
}

} // namespace
} // namespace postern::spool
