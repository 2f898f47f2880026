#include "gateway/machine.h"

#include "gateway/dns/context.h"
#include "gateway/io/features.h"
#include "ssl/library.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <fstream>

namespace postern::gateway {
namespace {

std::string first_line(const char* path) {
    std::string line;
    std::ifstream file{path};
    std::getline(file, line);
    return line;
}

// PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
std::string distribution() {
    constexpr std::string_view key = "PRETTY_NAME=";
    std::ifstream file{"/etc/os-release"};
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with(key)) continue;
        line.erase(0, key.size());
        std::erase(line, '"');
        return line;
    }
    return "unknown";
}

std::uint64_t usable_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return 0;
    return static_cast<std::uint64_t>(CPU_COUNT(&set));
}

std::string text(rlim_t limit) {
    return limit == RLIM_INFINITY ? std::string{"unlimited"} : std::to_string(limit);
}

struct Named {
    const char* name;
    decltype(RLIMIT_NOFILE) resource;
};

constexpr std::array limits{
    Named{"nofile", RLIMIT_NOFILE},
    Named{"memlock", RLIMIT_MEMLOCK},
    Named{"nproc", RLIMIT_NPROC},
    Named{"core", RLIMIT_CORE},
    Named{"as", RLIMIT_AS},
};

} // namespace

report::Section versions() {
    report::Section section{"versions"};
    section.text("postern", POSTERN_VERSION)
        .text("tls", ssl::Library::version())
        .text("liburing", io::library_version())
        .text("libunbound", dns::library_version())
        .text("compiler", __VERSION__);
    return section;
}

report::Section machine() {
    utsname running{};
    ::uname(&running);
    report::Section section{"machine"};
    const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
    section.text("kernel", std::string{running.release} + " " + running.version)
        .text("architecture", running.machine)
        .text("distribution", distribution())
        .number("cpus_usable", usable_cpus())
        .number("memory_bytes", pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
    // Where there is none of these the kernel does not have it.
    for (const char* const path : {"/sys/fs/cgroup/memory.max",
                                   "/sys/fs/cgroup/cpu.max",
                                   "/proc/sys/kernel/io_uring_disabled",
                                   "/proc/sys/net/core/somaxconn"}) {
        if (const std::string line = first_line(path); !line.empty()) section.text(path, line);
    }
    for (const io::Feature& feature : io::try_features()) {
        section.text("io_uring " + std::string{feature.name}, feature.result);
    }
    return section;
}

void append_limits(report::Section& section) {
    for (const Named& limit : limits) {
        rlimit now{};
        if (::getrlimit(limit.resource, &now) != 0) continue;
        section.text("limit_" + std::string{limit.name},
                     text(now.rlim_cur) + ", at most " + text(now.rlim_max));
    }
}

} // namespace postern::gateway
