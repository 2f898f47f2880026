#include "gateway/journal.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace postern::gateway {

JournalWriter::JournalWriter(int fd) : fd_(fd), thread_([this] { run(); }) {}

JournalWriter::~JournalWriter() {
    mailbox_.post([this] { ended_ = true; });
    thread_.join();
}

void JournalWriter::write(std::string lines) {
    const std::size_t size = lines.size();
    if (waiting_.load(std::memory_order_relaxed) + size > bytes_waiting_max) {
        const auto count = static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
        dropped_.fetch_add(count, std::memory_order_relaxed);
        return;
    }
    waiting_.fetch_add(size, std::memory_order_relaxed);
    mailbox_.post([this, written = std::move(lines)] {
        write_out(written);
        waiting_.fetch_sub(written.size(), std::memory_order_relaxed);
    });
}

void JournalWriter::write_out(const std::string& lines) {
    std::string_view rest = lines;
    while (!rest.empty()) {
        const ssize_t written = ::write(fd_, rest.data(), rest.size());
        if (written > 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            pollfd writable{.fd = fd_, .events = POLLOUT, .revents = 0};
            ::poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            // Nobody reads the log any more, or its disk is full: mail goes on without it.
            const auto count = static_cast<std::uint64_t>(std::ranges::count(rest, '\n'));
            dropped_.fetch_add(count, std::memory_order_relaxed);
            return;
        }
    }
}

void JournalWriter::run() {
    while (!ended_) {
        pollfd posted{.fd = mailbox_.fd(), .events = POLLIN, .revents = 0};
        ::poll(&posted, 1, -1);
        std::uint64_t count = 0;
        [[maybe_unused]] const auto read = ::read(mailbox_.fd(), &count, sizeof count);
        mailbox_.run_posted();
    }
}

void Journal::append(report::Level level, std::string_view line) {
    if (level == report::Level::error) {
        if (errors_.size() == errors_kept) errors_.erase(errors_.begin());
        errors_.emplace_back(line);
    }
    if (level > level_) return;
    lines_ += line;
    lines_ += '\n';
}

void Journal::flush() {
    if (!lines_.empty()) writer_.write(std::exchange(lines_, {}));
}

} // namespace postern::gateway
