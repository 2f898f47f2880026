#include "perf/core.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace postern::perf {

bool pin_to_cpu(unsigned cpu) {
    const long configured = ::sysconf(_SC_NPROCESSORS_CONF);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu % static_cast<unsigned>(configured > 0 ? configured : 1), &set);
    return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

io::RingSettings ring_settings() {
    return {.entries = 4096, .completions = 16384, .buffers = 1024, .buffer_bytes = 32768};
}

StopSignals::StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

bool StopSignals::wait(std::optional<io::Duration> bound) const {
    if (!bound) return ::sigwaitinfo(&signals_, nullptr) > 0;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*bound);
    const timespec time{.tv_sec = seconds.count(),
                        .tv_nsec = std::chrono::nanoseconds{*bound - seconds}.count()};
    return ::sigtimedwait(&signals_, nullptr, &time) > 0;
}

std::optional<std::string> read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace postern::perf
