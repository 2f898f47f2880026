#include "gateway/io/readable.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "tests/gateway/io/loop.h"

namespace postern::io {
namespace {

using std::chrono::milliseconds;
using test::Loop;
using test::patience;

struct Pipe {
    Descriptor reading;
    Descriptor writing;
};

Pipe make_pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    return {Descriptor{ends[0]}, Descriptor{ends[1]}};
}

void write_byte(const Pipe& pipe) { REQUIRE(::write(pipe.writing.get(), "x", 1) == 1); }

Task<void> await(Readable& readable, std::optional<bool>& result) { result = co_await readable; }

// A wait of its own each time, as long as there is something to read.
Task<void> count_bytes(Ring& ring, int fd, int bytes, int& read) {
    while (read < bytes) {
        Readable readable{ring, fd, patience};
        if (!co_await readable) co_return;
        char byte = 0;
        read += static_cast<int>(::read(fd, &byte, 1));
    }
}

} // namespace

TEST_CASE("what can be read already, or can be later, ends the wait") {
    Loop loop;
    const Pipe pipe = make_pipe();
    const bool before = GENERATE(true, false);
    if (before) write_byte(pipe);
    Readable readable{loop.ring(), pipe.reading.get(), patience};
    std::optional<bool> result;
    loop.spawn(await(readable, result));
    CHECK_FALSE(result);
    if (!before) {
        loop.turn_for(milliseconds{10});
        CHECK_FALSE(result);
        write_byte(pipe);
    }
    loop.finish();
    CHECK(result == true);
}

TEST_CASE("every byte of a pipe ends one wait") {
    Loop loop;
    const Pipe pipe = make_pipe();
    int read = 0;
    loop.spawn(count_bytes(loop.ring(), pipe.reading.get(), 20, read));
    for (int byte = 0; byte < 20; ++byte) {
        write_byte(pipe);
        if (byte % 3 == 0) loop.ring().turn();
    }
    loop.finish();
    CHECK(read == 20);
}

TEST_CASE("nothing to read within the wait: false, and not too early") {
    Loop loop;
    const Pipe pipe = make_pipe();
    Readable readable{loop.ring(), pipe.reading.get(), milliseconds{20}};
    std::optional<bool> result;
    const auto start = Clock::now();
    loop.run(await(readable, result));
    CHECK(result == false);
    CHECK(Clock::now() - start >= milliseconds{20});
}

TEST_CASE("the end of a stream can be read without blocking") {
    Loop loop;
    Pipe pipe = make_pipe();
    Readable readable{loop.ring(), pipe.reading.get(), patience};
    std::optional<bool> result;
    loop.spawn(await(readable, result));
    pipe.writing.reset();
    loop.finish();
    CHECK(result == true);
}

TEST_CASE("a cancelled wait is over: false, soon") {
    Loop loop;
    const Pipe pipe = make_pipe();
    Readable readable{loop.ring(), pipe.reading.get(), patience};
    std::optional<bool> result;
    loop.spawn(await(readable, result));
    if (GENERATE(true, false)) loop.turn_for(milliseconds{1}); // in the kernel, or not yet
    readable.cancel();
    readable.cancel(); // once more changes nothing
    loop.finish();
    CHECK(result == false);
    CHECK_FALSE(readable.armed());
}

TEST_CASE("what cannot be polled is not readable") {
    Loop loop;
    Readable readable{loop.ring(), -1, patience};
    std::optional<bool> result;
    loop.run(await(readable, result));
    CHECK(result == false);
}

} // namespace postern::io
