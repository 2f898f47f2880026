#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/gateway/spool/queue.h"

namespace postern::spool {
namespace {

using test::awaited;
using test::Fault;
using test::Queue;

constexpr std::uint32_t segment_bytes = 256U << 10U;
constexpr std::size_t message_bytes = 20'000;

struct Filled {
    explicit Filled(Queue& queue, unsigned count = 60) {
        for (unsigned number = 0; number < count; ++number) {
            const std::string bytes = test::content(message_bytes, number);
            ids.push_back(queue.submit(bytes).value());
            sent[ids.back()] = bytes;
        }
    }
    void finish(Queue& queue, MessageId id) {
        REQUIRE(queue.finish(id));
        sent.erase(id);
    }
    std::vector<MessageId> ids;
    std::map<MessageId, std::string> sent;
};

std::uintmax_t bytes_on_disk(const Queue& queue) {
    std::uintmax_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator{queue.path("0")}) {
        bytes += file.file_size();
    }
    return bytes;
}

TEST_CASE("segments without live messages are deleted, the oldest first", "[spool]") {
    Queue queue{{.segment_bytes = segment_bytes}};
    Filled filled{queue};
    const auto before = bytes_on_disk(queue);
    for (const MessageId id : filled.ids) {
        filled.finish(queue, id);
    }
    queue.settle();
    CHECK(bytes_on_disk(queue) == 2 * segment_bytes); // the one that is written, and the next
    CHECK(before > 2 * segment_bytes);
    CHECK(queue.spool().counters().segments_removed > 0);
    queue.restart();
    CHECK(queue.spool().waiting() == 0);
}

TEST_CASE("a mostly dead log is rewritten, and its messages stay as they are", "[spool]") {
    Queue queue{{.segment_bytes = segment_bytes}};
    Filled filled{queue};
    Message tried = queue.loaded(filled.ids[0]);
    tried.recipients[0].attempts = 5;
    tried.recipients[0].next = test::noon + std::chrono::hours{1};
    REQUIRE(awaited(queue.loop(), queue.spool().outcome(tried, {0})));
    queue.spool().put_back(tried);
    for (std::size_t at = 1; at < filled.ids.size(); ++at) {
        if (at % 6 != 0) filled.finish(queue, filled.ids[at]);
    }
    queue.settle();
    CHECK(queue.spool().counters().messages_moved > 0);
    const auto live = filled.sent.size() * message_bytes;
    CHECK(bytes_on_disk(queue) <= 2 * live + 2 * segment_bytes);
    for (int start = 0; start < 2; ++start) {
        CHECK(queue.damages().empty());
        CHECK(queue.all() == filled.sent);
        const Message again = queue.loaded(filled.ids[0]);
        CHECK(again.recipients == tried.recipients);
        queue.spool().put_back(again);
        queue.restart();
    }
}

TEST_CASE("what is in hand or being written keeps its segment", "[spool]") {
    Queue queue{{.segment_bytes = segment_bytes}};
    Writer writer = queue.spool().begin(test::mail_from("a@b"), test::recipients(1), test::noon);
    REQUIRE(awaited(queue.loop(), writer.add(test::content(10'000))));
    Filled filled{queue};
    const Message held = queue.loaded(filled.ids[0]);
    for (std::size_t at = 1; at < filled.ids.size(); ++at) {
        filled.finish(queue, filled.ids[at]);
    }
    queue.settle();
    CHECK(queue.content_of(held) == filled.sent[held.id]);
    REQUIRE(awaited(queue.loop(), writer.commit()));
    queue.spool().put_back(held);
    queue.loop().run(queue.spool().compact());
    filled.sent[writer.id()] = test::content(10'000);
    CHECK(queue.all() == filled.sent);
    CHECK(bytes_on_disk(queue) <= 2 * segment_bytes);
}

TEST_CASE("a compaction that cannot write or delete loses nothing and is done later", "[spool]") {
    const auto operation = GENERATE(io::FileOperation::write, io::FileOperation::remove);
    Fault fault{operation};
    Queue queue{{.segment_bytes = segment_bytes, .fault = &fault}};
    Filled filled{queue};
    const Message held = queue.loaded(filled.ids[0]); // nothing is compacted for now
    for (std::size_t at = 2; at < filled.ids.size(); ++at) {
        filled.finish(queue, filled.ids[at]);
    }
    queue.spool().put_back(held);
    fault.code = EIO;
    queue.loop().run(queue.spool().compact());
    CHECK(queue.spool().counters().segments_removed == 0);
    CHECK(queue.all() == filled.sent);
    fault.code = 0;
    queue.loop().run(queue.spool().compact());
    CHECK(queue.spool().counters().segments_removed > 0);
    CHECK(queue.all() == filled.sent);
    queue.restart();
    CHECK(queue.all() == filled.sent);
}

} // namespace
} // namespace postern::spool
