#include "gateway/journal.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <utility>

namespace postern::gateway {
namespace {

// A pipe or socket that poll(2) calls writable takes that much at once; a file takes anything.
std::size_t piece_max_of(int fd) {
    struct stat facts{};
    const bool is_file = ::fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
    return is_file ? SIZE_MAX : PIPE_BUF;
}

report::Time now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

} // namespace

JournalWriter::JournalWriter(int fd)
    : fd_(fd), piece_max_(piece_max_of(fd)), thread_([this] { run(); }) {}

JournalWriter::~JournalWriter() {
    ending_ = true;
    mailbox_.post([this] { ended_ = true; });
    thread_.join();
}

void JournalWriter::write(std::string lines) {
    const std::size_t size = lines.size();
    if (waiting_.load(std::memory_order_relaxed) + size > bytes_waiting_max) return drop(lines);
    waiting_.fetch_add(size, std::memory_order_relaxed);
    mailbox_.post([this, written = std::move(lines)] {
        write_out(written);
        waiting_.fetch_sub(written.size(), std::memory_order_relaxed);
    });
}

void JournalWriter::drop(std::string_view lines) {
    const auto count = static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
    dropped_.fetch_add(count, std::memory_order_relaxed);
}

void JournalWriter::write_out(std::string_view lines) {
    if (!complete_line() || !tell_of_lost()) return drop(lines);
    const std::size_t written = put(lines);
    lines.remove_prefix(written);
    if (written == 0 || lines.empty()) return drop(lines);
    const bool is_cut = *(lines.data() - 1) != '\n';
    if (is_cut) rest_ = lines.substr(0, lines.find('\n') + 1);
    drop(lines.substr(rest_.size()));
}

bool JournalWriter::complete_line() {
    rest_.erase(0, put(rest_));
    return rest_.empty();
}

bool JournalWriter::tell_of_lost() {
    const std::uint64_t lost = lines_dropped() - told_;
    if (lost == 0) return true;
    std::string text;
    report::Line line{text, now(), report::Level::error, "log_lines_lost"};
    line.number(report::Key::count, lost);
    line.end();
    text += '\n';
    const std::size_t written = put(text);
    if (written == 0) return false;
    told_ += lost;
    rest_ = text.substr(written);
    return rest_.empty();
}

std::size_t JournalWriter::put(std::string_view text) {
    std::size_t done = 0;
    while (done < text.size() && wait_for_room()) {
        const ssize_t written =
            ::write(fd_, text.data() + done, std::min(text.size() - done, piece_max_));
        if (written > 0) {
            done += static_cast<std::size_t>(written);
        } else if (errno != EAGAIN && errno != EINTR) {
            break; // nobody reads the log any more, or its disk is full: mail goes on without it
        }
    }
    return done;
}

bool JournalWriter::wait_for_room() {
    constexpr int moment_ms = 100;
    constexpr int patience = 10; // moments, at the end
    pollfd writable{.fd = fd_, .events = POLLOUT, .revents = 0};
    for (int moments = 0; !given_up_ && ::poll(&writable, 1, moment_ms) == 0;) {
        if (ending_) given_up_ = ++moments == patience;
    }
    return !given_up_;
}

void JournalWriter::run() {
    while (!ended_) {
        pollfd posted{.fd = mailbox_.fd(), .events = POLLIN, .revents = 0};
        ::poll(&posted, 1, -1);
        std::uint64_t count = 0;
        [[maybe_unused]] const auto read = ::read(mailbox_.fd(), &count, sizeof count);
        mailbox_.run_posted();
    }
    [[maybe_unused]] const bool told = complete_line() && tell_of_lost();
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
