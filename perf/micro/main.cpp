// perf_micro: what the parts of the gateway cost, and the primitives below them. See README.md.

#include "ssl/library.h"

#include <benchmark/benchmark.h>
#include <time.h>

#include <fstream>
#include <iterator>
#include <string>

#include "perf/micro/benchmarks.h"

namespace postern::perf::micro {

double cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::string file_of_tree(const std::string& path) {
    std::ifstream file(POSTERN_SOURCE_DIR "/" + path);
    std::string content{std::istreambuf_iterator<char>(file), {}};
    must(!content.empty(), path.c_str());
    return content;
}

} // namespace postern::perf::micro

int main(int argc, char** argv) {
    using namespace postern::perf::micro;
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    const auto library = must(postern::ssl::Library::open(), "no TLS library");
    add_lists();
    add_text();
    add_tls();
    add_spool();
    add_primitives();
    add_kernel();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
