#include "gateway/watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <filesystem>
#include <set>

namespace postern::gateway {
namespace {

namespace fs = std::filesystem;

// The directories in which another entry would lead this path elsewhere: its own, and those of the
// symbolic links on the way. Where the way ends early, the last directory that is there: it hears
// when the next one is made.
void add_directories(const std::string& file, std::set<std::string>& directories) {
    constexpr int links_max = 40; // path_resolution(7)
    int links = 0;
    std::error_code ignored;
    const fs::path whole = fs::absolute(file, ignored);
    std::deque<fs::path> ahead(whole.begin(), whole.end());
    fs::path at;
    while (!ahead.empty()) {
        const fs::path next = at / ahead.front(); // an absolute one begins anew
        ahead.pop_front();
        const fs::file_status status = fs::symlink_status(next, ignored);
        if (fs::is_symlink(status) && links < links_max) {
            ++links;
            directories.insert(at.string());
            const fs::path target = fs::read_symlink(next, ignored);
            ahead.insert(ahead.begin(), target.begin(), target.end());
        } else if (fs::is_directory(status)) {
            at = next;
        } else {
            break;
        }
    }
    directories.insert(at.string());
}

} // namespace

std::string fingerprint(std::span<const std::string> files) {
    std::string print;
    for (const std::string& file : files) {
        struct stat facts{};
        print += file;
        if (::stat(file.c_str(), &facts) == 0) {
            print += ' ' + std::to_string(facts.st_ino) + ' ' + std::to_string(facts.st_size) +
                     ' ' + std::to_string(facts.st_mtim.tv_sec) + '.' +
                     std::to_string(facts.st_mtim.tv_nsec) + ' ' +
                     std::to_string(facts.st_ctim.tv_sec) + '.' +
                     std::to_string(facts.st_ctim.tv_nsec);
        }
        print += '\n';
    }
    return print;
}

bool changed_between(std::span<const std::string> files,
                     std::chrono::system_clock::time_point begin,
                     std::chrono::system_clock::time_point end) {
    constexpr std::chrono::milliseconds file_clock_lag{10}; // the kernel stamps in coarse ticks
    const auto since = begin - file_clock_lag;
    for (const std::string& file : files) {
        struct stat facts{};
        if (::stat(file.c_str(), &facts) != 0) continue;
        const auto changed = std::chrono::system_clock::from_time_t(facts.st_ctim.tv_sec) +
                             std::chrono::duration_cast<std::chrono::system_clock::duration>(
                                 std::chrono::nanoseconds{facts.st_ctim.tv_nsec});
        if (changed >= since && changed <= end) return true;
    }
    return false;
}

Watch::Watch() : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

void Watch::set(std::span<const std::string> files) {
    std::set<std::string> directories;
    for (const std::string& file : files) {
        add_directories(file, directories);
    }
    constexpr std::uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
                                     IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
    std::set<int> wanted;
    for (const std::string& directory : directories) {
        const int watch = ::inotify_add_watch(inotify_.get(), directory.c_str(), events);
        if (watch >= 0) wanted.insert(watch);
    }
    for (const int watch : watches_) {
        if (!wanted.contains(watch)) ::inotify_rm_watch(inotify_.get(), watch);
    }
    watches_.assign(wanted.begin(), wanted.end());
}

void Watch::drain() {
    std::array<char, 4096> events{};
    while (::read(inotify_.get(), events.data(), events.size()) > 0) {
    }
}

} // namespace postern::gateway
