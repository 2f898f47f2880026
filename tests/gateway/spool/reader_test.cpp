#include "gateway/spool/reader.h"

#include <string>

#include "tests/gateway/spool/queue.h"

namespace postern::spool {
namespace {

using test::awaited;
using test::Fault;
using test::Queue;

TEST_CASE("an empty message ends at once, and goes on ending", "[spool]") {
    Queue queue;
    const Message message = queue.loaded(queue.submit("").value());
    Reader reader = queue.spool().read(message);
    CHECK(awaited(queue.loop(), reader.next()).value().empty());
    CHECK(awaited(queue.loop(), reader.next()).value().empty());
}

TEST_CASE("a piece that is somebody else's is damage", "[spool]") {
    Queue queue;
    const Message one = queue.loaded(queue.submit(test::content(5000, 1)).value());
    Message other = queue.loaded(queue.submit(test::content(5000, 2)).value());
    other.content = one.content;
    Reader reader = queue.spool().read(other);
    CHECK(awaited(queue.loop(), reader.next()).error() == Error::damaged);
}

TEST_CASE("a piece that is not where it should be is damage", "[spool]") {
    Queue queue;
    Message message = queue.loaded(queue.submit(test::content(5000)).value());
    const Piece good = message.content[0];
    for (const Place wrong : {Place{good.place.segment, good.place.offset + 8},
                              Place{good.place.segment + 1, good.place.offset}}) {
        message.content[0].place = wrong;
        Reader reader = queue.spool().read(message);
        CHECK(awaited(queue.loop(), reader.next()).error() == Error::damaged);
    }
    message.content[0] = {.place = good.place, .bytes = good.bytes - 1};
    Reader reader = queue.spool().read(message);
    CHECK(awaited(queue.loop(), reader.next()).error() == Error::damaged);
}

TEST_CASE("a piece that could not be read can be read again", "[spool]") {
    Fault fault{io::FileOperation::read};
    Queue queue{{.fault = &fault}};
    const Message message = queue.loaded(queue.submit("hello").value());
    Reader reader = queue.spool().read(message);
    fault.code = EIO;
    CHECK(awaited(queue.loop(), reader.next()).error() == Error::failed);
    fault.code = 0;
    CHECK(awaited(queue.loop(), reader.next()) == "hello");
}

} // namespace
} // namespace postern::spool
