#include "gateway/spool/log.h"

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/gateway/spool/queue.h"

namespace postern::spool {
namespace {

using test::awaited;
using test::Fault;
using test::Queue;

std::size_t files(const Queue& queue) {
    const std::filesystem::directory_iterator all{queue.path("0")};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST_CASE("segments are numbered in six digits, or as many as it takes", "[spool]") {
    CHECK(segment_name(1) == "000001.seg");
    CHECK(segment_name(1234567) == "1234567.seg");
}

TEST_CASE("a full segment is followed by the next, and messages span them", "[spool]") {
    Queue queue{{.segment_bytes = 256U << 10U}};
    std::map<MessageId, std::string> sent;
    for (unsigned number = 0; number < 6; ++number) {
        const std::string bytes = test::content(100'000, number);
        sent[queue.submit(bytes).value()] = bytes;
    }
    CHECK(files(queue) >= 3);
    CHECK(queue.all() == sent);
    queue.restart();
    CHECK(queue.damages().empty());
    CHECK(queue.all() == sent);
}

TEST_CASE("what does not fit into a segment is too big", "[spool]") {
    Queue queue{{.segment_bytes = 64U << 10U}};
    CHECK(queue.submit("x", 2000).error() == Error::too_big);
    CHECK(queue.submit("x", 2));
}

TEST_CASE("without space nothing is taken, nothing is lost, and it works again with space",
          "[spool]") {
    Fault fault{io::FileOperation::allocate};
    Queue queue{{.segment_bytes = 256U << 10U, .fault = &fault}};
    std::map<MessageId, std::string> sent;
    const std::string bytes = test::content(50'000);
    fault.code = ENOSPC;
    CHECK(queue.submit(bytes).error() == Error::full);
    fault.code = 0;
    sent[queue.submit(bytes).value()] = bytes;
    const MessageId tried = sent.begin()->first;
    fault.code = ENOSPC;
    std::expected<MessageId, Error> next = queue.submit(bytes);
    for (; next; next = queue.submit(bytes)) {
        sent[*next] = bytes;
    }
    CHECK(next.error() == Error::full);

    // There is room left for what becomes of those that are here.
    Message message = queue.loaded(tried);
    message.recipients[0].attempts = 1;
    CHECK(awaited(queue.loop(), queue.spool().outcome(message, {0})));
    CHECK(awaited(queue.loop(), queue.spool().done(message)));
    sent.erase(tried);
    CHECK(queue.all() == sent);

    fault.code = 0;
    sent[queue.submit(bytes).value()] = bytes;
    CHECK(queue.all() == sent);
    queue.restart();
    CHECK(queue.damages().empty());
    CHECK(queue.all() == sent);
}

TEST_CASE("a failed fdatasync is an error to all that waited for it, and to nobody else",
          "[spool]") {
    Fault fault{io::FileOperation::sync};
    Queue queue{{.fault = &fault}};
    const MessageId kept = queue.submit("kept").value();
    fault.code = EIO;
    std::vector<std::optional<std::expected<MessageId, Error>>> results(5);
    for (auto& result : results) {
        queue.loop().spawn(gateway::test::keep(queue.submitted("lost", 1), result));
    }
    queue.loop().finish();
    for (const auto& result : results) {
        CHECK(result->error() == Error::failed);
    }
    fault.code = 0;
    const MessageId again = queue.submit("again").value();
    const std::map<MessageId, std::string> sent{{kept, "kept"}, {again, "again"}};
    CHECK(queue.all() == sent);
    CHECK(queue.spool().counters().failures >= 1);
    queue.restart();
    CHECK(queue.spool().take(kept));
    CHECK(queue.spool().take(again));
}

TEST_CASE("on a disk that has become read-only nothing is taken or lost, and it works again",
          "[spool]") {
    class Disk final : public io::FileFault {
    public:
        [[nodiscard]] int fails(io::FileOperation operation) override {
            return is_read_only && operation != io::FileOperation::read ? EROFS : 0;
        }
        bool is_read_only = false;
    } disk;
    Queue queue{{.fault = &disk}};
    const MessageId kept = queue.submit("kept").value();
    const MessageId sent = queue.submit("sent").value();
    const Message delivered = queue.loaded(sent);
    disk.is_read_only = true;
    CHECK(queue.submit("lost").error() == Error::failed);
    CHECK(queue.submit("lost").error() == Error::failed);
    CHECK(awaited(queue.loop(), queue.spool().done(delivered)).error() == Error::failed);
    disk.is_read_only = false;
    CHECK(awaited(queue.loop(), queue.spool().done(delivered)));
    const MessageId again = queue.submit("again").value();
    const std::map<MessageId, std::string> all{{kept, "kept"}, {again, "again"}};
    CHECK(queue.all() == all);
    queue.restart();
    CHECK(queue.damages().empty());
    CHECK(queue.all() == all);
}

TEST_CASE("content whose segment fails before the commit is not committed", "[spool]") {
    Fault fault{io::FileOperation::write};
    Queue queue{{.fault = &fault}};
    Writer writer = queue.spool().begin(test::mail_from("a@b"), test::recipients(1), test::noon);
    REQUIRE(awaited(queue.loop(), writer.add(test::content(10'000))));
    fault.code = EIO;
    CHECK(queue.submit("x").error() == Error::failed);
    fault.code = 0;
    CHECK(awaited(queue.loop(), writer.commit()).error() == Error::failed);
    CHECK(queue.spool().waiting() == 0);
}

TEST_CASE("an outcome that could not be written is written by the next call", "[spool]") {
    Fault fault{io::FileOperation::write};
    Queue queue{{.fault = &fault}};
    const MessageId id = queue.submit("x").value();
    Message message = queue.loaded(id);
    message.recipients[0].attempts = 9;
    fault.code = EIO;
    CHECK(awaited(queue.loop(), queue.spool().outcome(message, {0})).error() == Error::failed);
    CHECK(awaited(queue.loop(), queue.spool().done(message)).error() == Error::failed);
    fault.code = 0;
    REQUIRE(awaited(queue.loop(), queue.spool().outcome(message, {0})));
    queue.spool().put_back(message);
    queue.restart();
    CHECK(queue.loaded(id).recipients[0].attempts == 9);
}

// The kernel's own refusal, in place of a fault.
TEST_CASE("a limit on the size of files is a full disk", "[spool]") {
    Queue queue;
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit limit{.rlim_cur = 4096, .rlim_max = before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    const auto refused = queue.submit("x");
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    CHECK(refused.error() == Error::full);
    CHECK(files(queue) == 0);
    CHECK(queue.submit("x"));
}

} // namespace
} // namespace postern::spool
