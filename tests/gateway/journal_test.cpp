#include "gateway/journal.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace postern::gateway::test {
namespace {

using report::Level;

// The reading end of a log. Read when no writer is left, unless the test wants a slow reader.
struct Pipe {
    io::Descriptor read;
    io::Descriptor write;

    explicit Pipe(int flags = O_CLOEXEC) {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), flags) == 0);
        read = io::Descriptor{ends[0]};
        write = io::Descriptor{ends[1]};
    }
    // Everything until the writing end is closed.
    static std::string drain(int fd) {
        std::string all;
        std::array<char, 65536> block{};
        for (;;) {
            const ssize_t size = ::read(fd, block.data(), block.size());
            if (size <= 0) return all;
            all.append(block.data(), static_cast<std::size_t>(size));
        }
    }
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

} // namespace

TEST_CASE("lines come out whole and in order, all of them before the writer ends") {
    Pipe pipe;
    {
        JournalWriter writer{pipe.write.get()};
        Journal journal{writer};
        CHECK(journal.empty());
        journal.append(Level::info, "one");
        journal.append(Level::error, "two");
        CHECK_FALSE(journal.empty());
        journal.flush();
        CHECK(journal.empty());
        journal.append(Level::info, "three"); // the journal's end hands it over
    }
    pipe.write.reset();
    CHECK(Pipe::drain(pipe.read.get()) == "one\ntwo\nthree\n");
}

TEST_CASE("lines below the level are left out, those at it are not") {
    Pipe pipe;
    {
        JournalWriter writer{pipe.write.get()};
        Journal journal{writer};
        journal.append(Level::info, "info by default");
        journal.append(Level::debug, "no");
        journal.set_level(Level::error);
        journal.append(Level::error, "error");
        journal.append(Level::warning, "no");
        journal.set_level(Level::debug);
        journal.append(Level::debug, "debug");
    }
    pipe.write.reset();
    CHECK(Pipe::drain(pipe.read.get()) == "info by default\nerror\ndebug\n");
}

TEST_CASE("cores write at the same time, and no line is torn or lost", "[tsan]") {
    Pipe pipe;
    constexpr int cores = 4;
    constexpr int rounds = 500;
    std::string written;
    std::thread reader([&] { written = Pipe::drain(pipe.read.get()); });
    {
        JournalWriter writer{pipe.write.get()};
        std::vector<std::thread> threads;
        for (int core = 0; core < cores; ++core) {
            threads.emplace_back([&writer, core] {
                Journal journal{writer};
                for (int round = 0; round < rounds; ++round) {
                    journal.append(Level::info, std::to_string(core) + " " + std::to_string(round));
                    if (round % 7 == 0) journal.flush();
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        CHECK(writer.lines_dropped() == 0);
    }
    pipe.write.reset();
    reader.join();
    const auto lines = lines_of(written);
    CHECK(lines.size() == static_cast<std::size_t>(cores * rounds));
    CHECK(std::set<std::string>(lines.begin(), lines.end()).size() == lines.size());
}

TEST_CASE("a reader that takes its time loses nothing, also where writing does not wait") {
    Pipe pipe{O_CLOEXEC | O_NONBLOCK};
    REQUIRE(::fcntl(pipe.read.get(), F_SETFL, 0) == 0);
    const std::string line(999, 'x');
    constexpr std::size_t count = 300; // several times what a pipe holds
    std::string written;
    std::thread reader;
    {
        JournalWriter writer{pipe.write.get()};
        for (std::size_t number = 0; number < count; ++number) {
            writer.write(line + "\n");
        }
        reader = std::thread([&] { written = Pipe::drain(pipe.read.get()); });
    }
    pipe.write.reset();
    reader.join();
    CHECK(written.size() == count * (line.size() + 1));
}

TEST_CASE("what waits is bounded: lines beyond are dropped and counted, earlier ones are kept") {
    Pipe pipe;
    const std::string half(JournalWriter::bytes_waiting_max / 2, '\n');
    std::string written;
    std::thread reader;
    {
        JournalWriter writer{pipe.write.get()}; // nobody reads yet, so all of it waits
        writer.write(half);
        writer.write(half);
        CHECK(writer.lines_dropped() == 0);
        writer.write("one\ntwo\n");
        CHECK(writer.lines_dropped() == 2);
        reader = std::thread([&] { written = Pipe::drain(pipe.read.get()); });
    }
    pipe.write.reset();
    reader.join();
    const std::size_t told = written.find('{');
    REQUIRE(told != std::string::npos);
    const std::string notice = written.substr(told, written.find('\n', told) + 1 - told);
    CHECK(notice.contains(R"("event":"log_lines_lost","count":2})"));
    CHECK(written.size() == JournalWriter::bytes_waiting_max + notice.size());
}

TEST_CASE("the latest errors are kept, whatever the level of the log") {
    Pipe pipe;
    JournalWriter writer{pipe.write.get()};
    Journal journal{writer};
    CHECK(journal.errors().empty());
    for (std::size_t number = 0; number < Journal::errors_kept + 2; ++number) {
        journal.append(Level::error, "error " + std::to_string(number));
        journal.append(Level::warning, "warning");
    }
    CHECK(journal.errors().size() == Journal::errors_kept);
    CHECK(journal.errors().front() == "error 2");
    journal.flush();
    CHECK(journal.errors().back() == "error " + std::to_string(Journal::errors_kept + 1));
}

TEST_CASE("a log that nobody can write to any more is no reason to stop") {
    const io::Descriptor unwritable{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    REQUIRE(unwritable.valid());
    JournalWriter writer{unwritable.get()};
    writer.write("one\ntwo\n");
    writer.write("three\n");
    while (writer.lines_dropped() < 3) {
        std::this_thread::yield();
    }
    CHECK(writer.lines_dropped() == 3);
}

TEST_CASE("when a full log has room again, the line that was cut is whole, and the loss is told") {
    constexpr std::size_t size = 4096;
    const io::Descriptor full{::memfd_create("log", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    REQUIRE(::ftruncate(full.get(), size) == 0);
    REQUIRE(::fcntl(full.get(), F_ADD_SEALS, F_SEAL_GROW) == 0);
    const auto content = [&full](std::size_t bytes) {
        std::string all(bytes, '\0');
        REQUIRE(::pread(full.get(), all.data(), bytes, 0) == static_cast<ssize_t>(bytes));
        return all;
    };
    const std::string line(999, 'x');
    std::string written;
    {
        JournalWriter writer{full.get()};
        std::string lines;
        for (int count = 0; count < 7; ++count) {
            lines += line + '\n';
        }
        writer.write(lines); // four, and 96 bytes of the fifth
        while (writer.lines_dropped() == 0) {
            std::this_thread::yield();
        }
        CHECK(writer.lines_dropped() == 2);
        writer.write("lost as well\n");
        while (writer.lines_dropped() < 3) {
            std::this_thread::yield();
        }
        written = content(size);
        REQUIRE(::lseek(full.get(), 0, SEEK_SET) == 0); // as if there was room
        writer.write("next\n");
    }
    written += content(static_cast<std::size_t>(::lseek(full.get(), 0, SEEK_CUR)));
    const auto lines = lines_of(written);
    REQUIRE(lines.size() == 7);
    CHECK(std::ranges::count(lines, line) == 5);
    CHECK(lines[5].contains(R"("event":"log_lines_lost","count":3)"));
    CHECK(lines[6] == "next");
}

TEST_CASE("a reader that reads nothing does not hold up the end") {
    Pipe pipe;
    const std::string lines(std::size_t{1} << 20U, '\n'); // more than a pipe holds
    {
        JournalWriter writer{pipe.write.get()};
        writer.write(lines);
        writer.write(lines);
    }
    pipe.write.reset();
    CHECK(Pipe::drain(pipe.read.get()).size() < lines.size());
}

} // namespace postern::gateway::test
